"""The picture behind an overlay: somebody who is live, in few flat colours, so that the file stays small."""

from __future__ import annotations

_PERSON = """
<path d="M-250 900c0-190 90-270 250-270s250 80 250 270z" fill="#d96d5a"/>
<path d="M-90 640q90 70 180 0l-10 60q-80 50-160 0z" fill="#b85a4a"/>
<path d="M-46 540h92v100q-46 40-92 0z" fill="#c98d6b"/>
<ellipse cy="440" rx="120" ry="145" fill="#dda27c"/>
<path fill="#3a2233" d="M-130 440c-26-190 60-250 132-246 92-2 156 84 128 246-16-70-42-104-66-118
  -74 34-136 26-158 16-20 28-30 62-36 102z"/>
<path d="M-142 430a142 158 0 0 1 284 0" fill="none" stroke="#17131f" stroke-width="18"/>
<rect x="-164" y="400" width="46" height="106" rx="20" fill="#17131f"/>
<rect x="118" y="400" width="46" height="106" rx="20" fill="#17131f"/>
<g fill="none" stroke-width="7" stroke-linecap="round">
  <path d="M-42 512q42 32 84 0" stroke="#8d4a3c"/>
  <path d="M-62 412q18-12 36 0M26 412q18-12 36 0" stroke="#3a2233"/>
</g>
<circle cx="-44" cy="442" r="9" fill="#2b1a24"/><circle cx="44" cy="442" r="9" fill="#2b1a24"/>
<g fill="#0f0c17">
  <rect x="190" y="580" width="66" height="130" rx="32"/><rect x="217" y="700" width="12" height="200"/>
</g>
"""

_ROOM = """
<rect width="1600" height="900" fill="#2b2440"/>
<g transform="translate({x} 360)">
  <circle r="560" fill="#33294c"/><circle r="420" fill="#3d2f59"/><circle r="290" fill="#4a3768"/>
</g>
"""

_DESK = '<rect y="800" width="1600" height="100" fill="#14101f"/>'


def backdrop(width: int, height: int) -> str:
    """An SVG for a picture of that shape: with room at the left in a wide one, and above in a tall one."""
    if width > height:
        box, x, place = "0 0 1600 900", 1130, "translate(1130 0)"
    else:
        box, x, place = "547 0 506 900", 800, "translate(800 260) scale(.72)"
    drawn = _ROOM.format(x=x) + f'<g transform="{place}">{_PERSON}</g>' + _DESK
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" preserveAspectRatio="xMidYMid slice">'
        f"{drawn}</svg>"
    )
