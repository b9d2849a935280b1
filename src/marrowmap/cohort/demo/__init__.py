"""A made-up registry of 30 children that agrees with the figures printed for the Belgian cohort.

``belgian_cohort.json`` holds the printed figures with their places; ``generate`` solves for records that agree
with them; ``records/`` holds the records it made. The tables know none of this: ``compare`` puts what they
compute beside what was printed.
"""
