"""How wrong the names of bone voxels are: shared by the networks that name."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from marrowmap.imaging.label_classes import ORDINAL_STEP, class_of_label, ordinal_of_label


def name_loss(out: Tensor, label: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of the class plus distance of level or ray, and its parts.

    out: (n, classes + 1) logits and, last, level or ray over ORDINAL_STEP. label: (n,) labels of bone, none 0.
    """
    truth = torch.from_numpy(class_of_label().astype(np.int64))[label]
    order = torch.from_numpy(np.nan_to_num(ordinal_of_label(), nan=-1.0))[label]
    name = F.cross_entropy(out[:, :-1], truth, label_smoothing=0.02)
    known = order >= 0
    off = F.smooth_l1_loss(out[known, -1], order[known] / ORDINAL_STEP, beta=0.25)
    right = (out[:, :-1].argmax(1) == truth).float().mean().item()
    return name + off, {"name": name.item(), "right": right, "order": off.item()}
