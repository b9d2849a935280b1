"""The lesion network. Everything heavy runs at 6 mm in plane; 3 mm detail comes from sub-pixel outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def to_depth(x: Tensor) -> Tensor:
    """(n, c, s, r, w) -> (n, 4c, s, r/2, w/2)."""
    n, c, s, r, w = x.shape
    x = x.reshape(n, c, s, r // 2, 2, w // 2, 2).permute(0, 1, 4, 6, 2, 3, 5)
    return x.reshape(n, 4 * c, s, r // 2, w // 2)


def from_depth(x: Tensor) -> Tensor:
    """The inverse of ``to_depth``."""
    n, c, s, r, w = x.shape
    x = x.reshape(n, c // 4, 2, 2, s, r, w).permute(0, 1, 4, 5, 2, 6, 3)
    return x.reshape(n, c // 4, s, 2 * r, 2 * w)


class Step(nn.Module):
    """Convolution, group normalisation, activation."""

    def __init__(
        self, cin: int, cout: int, kernel: tuple[int, int, int] = (3, 3, 3), eps: float = 1e-3
    ) -> None:
        super().__init__()
        self.conv = nn.Conv3d(cin, cout, kernel, padding=tuple(k // 2 for k in kernel), bias=False)
        self.norm = nn.GroupNorm(8, cout, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


class UNet(nn.Module):
    """A 3-D U-Net over four scales whose outputs are summed from two of them."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int], outputs: int) -> None:
        super().__init__()
        a, b, c, d = widths
        self.enter = nn.Sequential(Step(4 * channels, a), Step(a, a, (1, 3, 3)))
        self.down1 = nn.Sequential(Step(a, b), Step(b, b))
        self.down2 = nn.Sequential(Step(b, c), Step(c, c))
        self.down3 = nn.Sequential(Step(c, d), Step(d, d))
        self.up2 = nn.Sequential(Step(d + c, c), Step(c, c))
        self.up1 = nn.Sequential(Step(c + b, b), Step(b, b))
        self.up0 = nn.Sequential(Step(b + a, a, (1, 3, 3)), Step(a, a))
        self.fine = nn.Conv3d(a, 4 * outputs, 1)
        self.fine1 = nn.Conv3d(b, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, channels, s, r, w), s a multiple of 8, r and w of 16. Returns logits (n, outputs, s, r, w)."""
        e0 = self.enter(to_depth(x))
        e1 = self.down1(F.max_pool3d(e0, 2))
        e2 = self.down2(F.max_pool3d(e1, 2))
        e3 = self.down3(F.max_pool3d(e2, 2))
        d2 = self.up2(torch.cat([F.interpolate(e3, scale_factor=2.0, mode="nearest"), e2], 1))
        d1 = self.up1(torch.cat([F.interpolate(d2, scale_factor=2.0, mode="nearest"), e1], 1))
        d0 = self.up0(torch.cat([F.interpolate(d1, scale_factor=2.0, mode="nearest"), e0], 1))
        near = from_depth(self.fine(d0))
        return near + F.interpolate(self.fine1(d1), scale_factor=(2.0, 4.0, 4.0), mode="nearest")


def export(net: nn.Module, channels: int, path: str, names: list[str]) -> None:
    """Write an ONNX file with free sizes."""
    net = net.eval().float()
    axes = {"x": {2: "s", 3: "r", 4: "w"}}
    for i, name in enumerate(names):
        axes[name] = {2: "s", 3: f"r{i}", 4: f"w{i}"}
    with torch.no_grad():
        torch.onnx.export(
            net,
            (torch.zeros(1, channels, 16, 64, 48),),
            path,
            input_names=["x"],
            output_names=names,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
