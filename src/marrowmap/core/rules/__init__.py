"""What follows from a reading and a record: patterns, pathway, red flags, treatment stage, remission."""
