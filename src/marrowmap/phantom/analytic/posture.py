"""Where the joints of the analytic child lie: spine curve, limbs, pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marrowmap.phantom.analytic.growth import Proportions
from marrowmap.phantom.body import ChildSpec, Numbering
from marrowmap.phantom.solids.shapes import Vector

LEVEL_WEIGHTS = (*np.linspace(16, 18, 7), *np.linspace(19.5, 27, 12), *np.linspace(32.5, 36, 5))
"""Height of each level with its disc, C1 to L5, in relative units (ours)."""


@dataclass(frozen=True)
class Posture:
    """Joint places in LPS millimetres; sided places are keyed ``name_right`` and ``name_left``."""

    joints: dict[str, Vector]
    levels: tuple[tuple[str, Vector, Vector], ...]
    """(name, lower end, upper end) of each mobile vertebra's share of the spine, head to tail, disc
    included."""
    arms: str
    cobb: float
    numbering: Numbering
    foot_forward: dict[str, Vector]
    """Direction from heel to toes by side (the feet point up and forward when lying)."""


def numbering_of(spec: ChildSpec, rng: np.random.Generator) -> Numbering:
    """Levels of this child: mostly 7, 12 and 5."""
    thoracic = spec.thoracic_levels or int(rng.choice([12, 11, 13], p=[0.95, 0.025, 0.025]))
    transitional = spec.transitional or str(
        rng.choice(["none", "sacralised_l5", "lumbarised_s1"], p=[0.92, 0.05, 0.03])
    )
    levels = (
        [f"C{i}" for i in range(1, 8)]
        + [f"T{i}" for i in range(1, thoracic + 1)]
        + [f"L{i}" for i in range(1, 6)]
    )
    usual = [f"C{i}" for i in range(1, 8)] + [f"T{i}" for i in range(1, 13)] + [f"L{i}" for i in range(1, 6)]
    labels = tuple(14 + usual.index("T12" if name == "T13" else name) for name in levels)
    return Numbering(tuple(levels), labels, transitional, thoracic)


def posture(spec: ChildSpec, p: Proportions) -> Posture:
    """Lay the child down."""
    rng = np.random.default_rng([spec.seed, 12])
    numbering = numbering_of(spec, rng)
    arms = spec.arms or str(rng.choice(["beside", "on_body"], p=[0.8, 0.2]))
    cobb = spec.scoliosis_cobb_deg
    if cobb is None:
        cobb = float(rng.choice([0.0, rng.uniform(4, 12), rng.uniform(12, 25)], p=[0.75, 0.19, 0.06]))
    pose = np.random.default_rng([spec.seed, 13, round(spec.age_years * 100)])
    s = p.s
    joints: dict[str, Vector] = {}
    forward: dict[str, Vector] = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        spread = np.deg2rad(
            spec.leg_abduction_deg if spec.leg_abduction_deg is not None else pose.uniform(1.0, 5.0)
        )
        turn = np.deg2rad(spec.leg_rotation_deg if spec.leg_rotation_deg is not None else pose.uniform(5, 28))
        hip = np.array([sign * 0.0485 * p.height, 8 * s, 0.0])
        knee = hip + p.femur * np.array([sign * (np.sin(spread) - 0.03), 0.01 + pose.normal(0, 0.01), -1.0])
        ankle = knee + p.tibia * np.array([sign * np.sin(spread) * 0.7, 0.05, -1.0])
        joints |= {f"hip_{side}": hip, f"knee_{side}": knee, f"ankle_{side}": ankle}
        forward[side] = np.array([sign * np.sin(turn), -np.cos(turn) * 0.8, -0.6 + pose.normal(0, 0.08)])
        forward[side] /= np.linalg.norm(forward[side])
    joints["l5_s1"] = np.array([0.0, 8 * s + 22 * p.a, 0.058 * p.height])
    vertex_z = p.height - (p.femur + p.tibia + p.ankle_height)
    skull_base = vertex_z - 134 * p.cranium - 6  # basion lies this far below the bregma's skin
    levels = _spine(joints["l5_s1"], skull_base, s, cobb, float(rng.choice([-1, 1])), numbering, pose)
    joints["vertex"] = np.array([levels[0][2][0], levels[0][2][1] - 8 * s, vertex_z])
    t1 = levels[7][1]
    for side, sign in (("right", -1.0), ("left", 1.0)):
        shoulder = np.array([sign * 0.0965 * p.height, t1[1] - 20 * p.a, t1[2] - 0.022 * p.height])
        joints[f"shoulder_{side}"] = shoulder
        out = pose.uniform(0.10, 0.2)
        if arms == "beside":
            elbow = shoulder + p.humerus * np.array([sign * out, 0.05, -1.0])
            wrist = elbow + p.forearm * np.array([sign * pose.uniform(0.0, 0.08), -0.08, -1.0])
            tip = wrist + p.hand * np.array([-sign * 0.02, -0.08, -1.0])
        else:
            elbow = shoulder + p.humerus * np.array([sign * 0.3, 0.08, -0.95])
            wrist = elbow + p.forearm * np.array([-sign * 0.52, -0.50, -0.70])
            tip = wrist + p.hand * np.array([-sign * 0.75, -0.1, -0.6])
        joints |= {f"elbow_{side}": elbow, f"wrist_{side}": wrist, f"fingertip_{side}": tip}
    return Posture(joints, levels, arms, cobb, numbering, forward)


def _spine(
    bottom: Vector,
    top_z: float,
    s: float,
    cobb: float,
    turn: float,
    numbering: Numbering,
    rng: np.random.Generator,
) -> tuple[tuple[str, Vector, Vector], ...]:
    weights = list(LEVEL_WEIGHTS)
    thoracic = numbering.ribs
    if thoracic == 13:
        weights.insert(19, 27.5)
    elif thoracic == 11:
        del weights[18]
    jitter = 1 + 0.03 * rng.normal(0, 1, len(weights))
    shares = np.array(weights) * jitter
    ends = top_z + (bottom[2] - top_z) * np.concatenate([[0], np.cumsum(shares) / shares.sum()])
    z = (ends - bottom[2]) / (top_z - bottom[2])
    lordosis = -12 * s * np.sin(np.pi * np.clip(z / 0.34, 0, 1))
    kyphosis = 23 * s * np.sin(np.pi * np.clip((z - 0.25) / 0.6, 0, 1))
    y = (
        bottom[1]
        + 2 * s
        + lordosis
        + kyphosis
        - 6 * s * np.sin(0.5 * np.pi * np.clip((z - 0.78) / 0.12, 0, 1))
    )
    length = top_z - bottom[2]
    x = turn * np.deg2rad(cobb) * length / (2 * np.pi) * np.sin(2 * np.pi * (z - 0.05)) * np.clip(z * 6, 0, 1)
    curve = np.stack([x * (z < 0.97), y, ends], axis=1)
    return tuple((name, curve[i + 1], curve[i]) for i, name in enumerate(numbering.levels))
