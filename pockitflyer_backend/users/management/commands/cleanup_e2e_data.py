from seedbed.django.commands import ScenarioCommand


class Command(ScenarioCommand):
    help = "Takes the M01 data (flyers, creators) out again, and all that stands on it."
    verb, scenario = "cleanup", "m01"
