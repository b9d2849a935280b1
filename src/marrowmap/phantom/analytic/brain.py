"""Soft parts and bony shell of the analytic child's head."""

from __future__ import annotations

import numpy as np

from marrowmap.core.site import site
from marrowmap.phantom.analytic.skull import (
    BASE_Z,
    Head,
    brain_case_box,
    brain_case_distance,
    foramen_magnum,
    mandible_muscles,
    maxillary_sinuses,
    mouth,
    nasal_cavity,
    orbits,
    teeth,
)
from marrowmap.phantom.body import Maps, Tissue
from marrowmap.phantom.solids.filling import Filling
from marrowmap.phantom.solids.shapes import Ellipsoid, Profile, Rod, window


def paint_brain_case(head: Head, maps: Maps, depth: np.ndarray) -> None:
    """Brain, fluid around it and the shell of bone: vault (part 1) and base (part 3)."""
    low, high = brain_case_box(head)
    w = window(maps.grid, low, high)
    if w is None:
        return
    c = np.float32(head.cranium)
    inner = brain_case_distance(head, w)
    folds = (
        5
        * np.sin(w.x * (0.22 / c) + np.sin(w.z * (0.17 / c)))
        * np.sin(w.y * (0.2 / c) + np.sin(w.x * (0.13 / c)))
    )
    x = w.x - np.float32(head.basion[0])
    z = w.z - np.float32(head.basion[2])
    tissue = np.full(w.shape, Tissue.CSF, np.uint8)
    tissue[inner + 0.35 * folds < -2.5] = Tissue.BRAIN_GREY
    tissue[inner + folds < -9 * c] = Tissue.BRAIN_WHITE
    tissue[np.broadcast_to((np.abs(x) < 0.9) & (z > 55 * c) & (inner > -38), w.shape)] = Tissue.CSF
    for sign in (-1.0, 1.0):
        horn = Ellipsoid(head.vault(sign * 11, -10, 68), (6 * c, 30 * c, 10 * c))
        tissue[np.broadcast_to(horn.distance(w) < 0, w.shape)] = Tissue.CSF
    thick = np.where(z > BASE_Z * c, np.float32(head.thick_mm), np.float32(0.75 * head.thick_mm))
    alive = depth[w.index] > 1.5
    block = maps.tissue[w.index]
    np.copyto(block, tissue, where=alive & (inner < 0))
    shell = alive & (inner >= 0) & (inner < thick) & ~(foramen_magnum(head).distance(w) < 0)
    table = np.float32(0.27) * thick
    diploe = shell & (inner > table) & (inner < thick - table)
    np.copyto(block, np.uint8(Tissue.CORTEX), where=shell)
    np.copyto(block, np.uint8(Tissue.MARROW), where=diploe)
    np.copyto(maps.site[w.index], np.uint8(site("skull").label), where=shell)
    np.copyto(maps.part[w.index], np.where(z > BASE_Z * c, np.uint8(1), np.uint8(3)), where=shell)
    np.copyto(maps.along[w.index], np.float16(0.5), where=shell)


def head_fillings(head: Head) -> list[Filling]:
    """Eyes, nose, mouth, throat and chewing muscles, in painting order; the face is painted over them."""
    f, c = head.face, head.cranium
    eye = 11.6 * (0.6 + 0.4 * f)
    found = [
        Filling(Ellipsoid(head.at(0, -58, -58), (36 * f, 34 * f, 20 * f)), Tissue.CONNECTIVE),
        Filling(Ellipsoid(head.at(0, -60, -50), (21 * f, 28 * f, 17 * f)), Tissue.MUSCLE),
        Filling(mouth(head), Tissue.MUSCLE),
        Filling(nasal_cavity(head), Tissue.CONNECTIVE),
        Filling(
            Rod(
                np.array([head.at(0, -22, -8), head.at(0, -26, -45), head.at(0, -26, -85)]),
                f * np.array([7, 6, 6.0]),
            ),
            Tissue.AIRWAY,
        ),
        Filling(Ellipsoid(head.at(0, -42, 23), (9 * f, 8 * f, 7 * f)), Tissue.AIRWAY),
    ]
    for s in (-1.0, 1.0):
        found.append(Filling(Ellipsoid(head.at(s * 7, -66, -3), (2.0 * f, 24 * f, 18 * f)), Tissue.AIRWAY))
        for back in (-80, -70, -60):
            cell = Ellipsoid(head.at(s * 5.5, back, 20), (3.4 * f, 4.2 * f, 7 * f))
            found.append(Filling(cell, Tissue.AIRWAY))
        cheek = Ellipsoid(head.at(s * 43, -64, -28), (9 * f, 15 * f, 17 * f))
        found.append(Filling(cheek, Tissue.FAT, (Tissue.MUSCLE, Tissue.CONNECTIVE)))
        parotid = Ellipsoid(head.at(s * 54, -10, -28), (8 * f, 12 * f, 18 * f))
        found.append(Filling(parotid, Tissue.GLAND))
    found += [Filling(rod, Tissue.MUSCLE) for rod in mandible_muscles(head)]
    found += [Filling(sinus, Tissue.AIRWAY) for sinus in maxillary_sinuses(head)]
    for orbit, s in zip(orbits(head), (-1.0, 1.0), strict=True):
        found.append(Filling(orbit, Tissue.FAT, depth_mm=2.0))
        nerve = np.array([head.at(s * 29, -76, 18), head.at(s * 15, -46, 22)])
        found.append(Filling(Rod(nerve, np.full(2, 2.2 * c)), Tissue.BRAIN_WHITE))
        for up in (-9.0, 9.0):
            muscle = np.array(
                [head.at(s * 31, -86, 18 + up), head.at(s * 27, -72, 18.5 + up), head.at(s * 16, -48, 22)]
            )
            found.append(Filling(Rod(muscle, np.full(3, 1.8 * c)), Tissue.MUSCLE))
        found.append(Filling(Ellipsoid(head.at(s * 31, -85, 18), (eye,) * 3), Tissue.EYE, depth_mm=1.5))
    found += [Filling(row, Tissue.TOOTH) for row in teeth(head)]
    return found


def brainstem(head: Head) -> tuple[Profile, Rod]:
    """(fluid of the posterior fossa's outlet, brainstem)."""
    c = head.cranium
    stem = np.array([head.vault(0, -4, 48), head.vault(0, 4, 26), head.vault(0, 14, 2)])
    return foramen_magnum(head), Rod(stem, c * np.array([13, 12, 6.5]))
