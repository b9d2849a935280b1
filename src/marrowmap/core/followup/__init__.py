"""Two exams of one child: which lesion is which, what became of each, and how the child responded.

``places`` says where a lesion lies in its bone, ``matching`` proposes pairs from places, ``pairs`` keeps what a
reader made of them, ``change`` names and measures the change, ``response`` sums up the child, ``comparison``
joins them. Pure: bone-local coordinates are given (``imaging.bone_frame`` makes them).
"""
