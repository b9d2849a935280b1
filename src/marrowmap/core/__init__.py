"""What a bone, a lesion, a reading and a score are. No file, network or database is touched here."""
