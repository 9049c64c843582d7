from seedbed.django.commands import ScenarioCommand


class Command(ScenarioCommand):
    help = "Takes the M02 data (users, personas) and M03 out again."
    verb, scenario = "cleanup", "m02"
