"""What Discord demands of a modal.

Source: Discord's documentation, Receiving and Responding to Interactions (modal), and Component Reference.
"""

from __future__ import annotations

from typing import Final

from sandbox.discord.limits.components import Kind, Tree, check
from sandbox.discord.limits.form import Body, Form

TOP_LEVEL: Final = (Kind.ACTION_ROW, Kind.TEXT_DISPLAY, Kind.LABEL)


def modal(body: Body) -> None:
    """Check a modal (the `data` of the interaction's answer); raises Invalid.

    Fields stand in labels, or in action rows of one text input each as before labels came.
    """
    form = Form()
    form.text(body, "custom_id", 100, low=1, required=True)
    form.text(body, "title", 45, low=1, required=True)
    tree = Tree(modal=True)
    for here, component in form.objects(body, "components", 5, low=1, required=True):
        if check(here, component, TOP_LEVEL, tree) is Kind.ACTION_ROW:
            for place, field in here.objects(component, "components", 5):
                if field.get("label") is None:
                    place.at("label").required()
    form.finish()
