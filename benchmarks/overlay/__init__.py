"""How soon viewers of an overlay have a change."""
