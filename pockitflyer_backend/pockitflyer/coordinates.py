"""Ranges of geographic coordinates, in degrees.

They hold in `full_clean` only: the database itself accepts any number.
"""

from django.core.validators import MaxValueValidator, MinValueValidator

LATITUDE_RANGE = [MinValueValidator(-90), MaxValueValidator(90)]
LONGITUDE_RANGE = [MinValueValidator(-180), MaxValueValidator(180)]
