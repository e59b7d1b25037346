"""How dates and numbers are written where Django's own way can be misread; a folder per language."""
