"""A child whose limb lesions are all on the left and whose pelvic lesion is on the right."""

LESIONS = ("tibia_proximal_metaphysis_left", "femur_distal_metaphysis_left", "ilium_right", "vertebra_t8")
