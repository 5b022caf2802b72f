"""Running actions: asked for by people or rules, one at a time each, every run recorded."""
