"""The digital child: anatomy, tissues, MR signal and DICOM, with known truth."""
