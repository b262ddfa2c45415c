from workflow.views.actions import find_step
from django.http import HttpResponse


def deadline(request, number, pk):
    return HttpResponse(str(find_step(request, number, pk)))
