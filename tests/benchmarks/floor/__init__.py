"""The floor: what Django REST framework offers by itself, without permissions and without a trail."""
