"""Where the joints of a child of rods lie: widths, arms and the heights of the vertebrae differ widely."""

from __future__ import annotations

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.analytic.posture import Posture, numbering_of
from marrowmap.phantom.body import ChildSpec
from marrowmap.phantom.solids.shapes import Vector

LEVEL_WEIGHTS = np.array((*np.linspace(13, 16.5, 7), *np.linspace(18.5, 27.5, 12), *np.linspace(31, 35, 5)))
"""Height of each level with its disc, C1 to L5, in relative units (ours), before neck, thorax and loins are
stretched."""
WIDTHS = 0.07
"""Standard deviation of the logarithm of the distances between hips and between shoulders."""
STRETCH = 0.1
"""The same of neck, lower thorax and loins."""


def posture(spec: ChildSpec, p: Proportions) -> Posture:
    """Lay the child down."""
    rng = np.random.default_rng([spec.seed, 12])
    numbering = numbering_of(spec, rng)
    arms = spec.arms or str(rng.choice(["beside", "on_body"], p=[0.8, 0.2]))
    cobb = spec.scoliosis_cobb_deg
    if cobb is None:
        cobb = float(rng.choice([0.0, rng.uniform(4, 12), rng.uniform(12, 25)], p=[0.75, 0.19, 0.06]))
    turn = float(rng.choice([-1, 1]))
    pose = np.random.default_rng([spec.seed, 13, round(spec.age_years * 100)])
    build = np.random.default_rng([spec.seed, 15])
    hips, shoulders, neck = np.exp(WIDTHS * build.normal(0, 1, 3).clip(-2, 2))
    s = p.s
    joints: dict[str, Vector] = {}
    forward: dict[str, Vector] = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        spread = np.deg2rad(
            spec.leg_abduction_deg if spec.leg_abduction_deg is not None else pose.uniform(1.0, 5.0)
        )
        out = np.deg2rad(spec.leg_rotation_deg if spec.leg_rotation_deg is not None else pose.uniform(5, 28))
        hip = np.array([sign * 0.053 * hips * p.height, 8 * s, 0.0])
        knee = hip + p.femur * np.array([sign * (np.sin(spread) - 0.055), 0.01 + pose.normal(0, 0.01), -1.0])
        ankle = knee + p.tibia * np.array([sign * np.sin(spread) * 0.7, 0.05, -1.0])
        joints |= {f"hip_{side}": hip, f"knee_{side}": knee, f"ankle_{side}": ankle}
        forward[side] = np.array([sign * np.sin(out), -np.cos(out) * 0.8, -0.6 + pose.normal(0, 0.08)])
        forward[side] /= np.linalg.norm(forward[side])
    joints["l5_s1"] = np.array([0.0, 14 * s, 0.062 * p.height])
    vertex_z = p.height - (p.femur + p.tibia + p.ankle_height)
    weights = LEVEL_WEIGHTS * np.interp(
        np.arange(24), (0, 8, 15, 23), np.insert(np.exp(STRETCH * build.normal(0, 1, 3)), 1, 1.0)
    )
    levels = _spine(
        joints["l5_s1"], vertex_z - 0.66 * p.head, s, cobb * turn, weights, numbering.levels, pose
    )
    joints["vertex"] = np.array([levels[0][2][0], levels[0][2][1] - 8 * s, vertex_z])
    t1 = levels[7][1]
    for side, sign in (("right", -1.0), ("left", 1.0)):
        shoulder = np.array(
            [sign * 0.1075 * shoulders * p.height, t1[1] - 2 * s, t1[2] - 0.022 * neck**4 * p.height]
        )
        if arms == "beside":
            aside, bent = pose.uniform(0.03, 0.32), pose.uniform(-0.06, 0.2)
            elbow = shoulder + p.humerus * np.array([sign * aside, 0.05, -1.0])
            wrist = elbow + p.forearm * np.array([sign * bent, -0.08, -1.0])
            tip = wrist + p.hand * np.array([-sign * 0.02, -0.08, -1.0])
        else:
            elbow = shoulder + p.humerus * np.array([sign * 0.3, 0.08, -0.95])
            wrist = elbow + p.forearm * np.array([-sign * 0.52, -0.50, -0.70])
            tip = wrist + p.hand * np.array([-sign * 0.75, -0.1, -0.6])
        joints |= {
            f"shoulder_{side}": shoulder,
            f"elbow_{side}": elbow,
            f"wrist_{side}": wrist,
            f"fingertip_{side}": tip,
        }
    return Posture(joints, levels, arms, cobb, numbering, forward)


def _spine(
    bottom: Vector,
    top_z: float,
    s: float,
    cobb: float,
    weights: Vector,
    names: tuple[str, ...],
    rng: np.random.Generator,
) -> tuple[tuple[str, Vector, Vector], ...]:
    """(name, lower end, upper end) of each level. cobb: degrees, positive or negative."""
    thoracic = sum(name.startswith("T") for name in names)
    if thoracic == 13:
        weights = np.insert(weights, 19, 28.0)
    elif thoracic == 11:
        weights = np.delete(weights, 18)
    shares = weights * (1 + 0.03 * rng.normal(0, 1, len(weights)))
    ends = top_z + (bottom[2] - top_z) * np.concatenate([[0], np.cumsum(shares) / shares.sum()])
    z = (ends - bottom[2]) / (top_z - bottom[2])
    lordosis = -9 * s * np.sin(np.pi * np.clip(z / 0.34, 0, 1))
    kyphosis = 20 * s * np.sin(np.pi * np.clip((z - 0.25) / 0.6, 0, 1))
    y = bottom[1] + 2 * s + lordosis + kyphosis - 4 * s * np.clip((z - 0.8) / 0.2, 0, 1)
    length = top_z - bottom[2]
    x = np.deg2rad(cobb) * length / (2 * np.pi) * np.sin(2 * np.pi * (z - 0.05)) * np.clip(z * 6, 0, 1)
    curve = np.stack([x * (z < 0.97), y, ends], axis=1)
    return tuple((name, curve[i + 1], curve[i]) for i, name in enumerate(names))
