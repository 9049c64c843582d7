from seedbed.django.commands import ScenarioCommand


class Command(ScenarioCommand):
    help = "Puts the M03 data (favorites, follows), M02 and M01 into the database, or mends it."
    verb, scenario = "seed", "m03"
