from seedbed.django.commands import ScenarioCommand


class Command(ScenarioCommand):
    help = "Puts the M02 data (users, personas) and M01 into the database, or mends it."
    verb, scenario = "seed", "m02"
