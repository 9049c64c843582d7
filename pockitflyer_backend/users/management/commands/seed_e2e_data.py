from seedbed.django.commands import ScenarioCommand


class Command(ScenarioCommand):
    help = "Puts the M01 data (flyers, creators) into the database, or mends it."
    verb, scenario = "seed", "m01"
