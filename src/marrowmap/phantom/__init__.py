"""Digital children: whole-body MRI exams of bodies whose lesions are known. Synthetic, and marked so."""
