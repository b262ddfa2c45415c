from django.http import HttpResponse

from workflow.access import get_case_or_404


def desk(request):
    return HttpResponse("")


def case(request, number):
    return HttpResponse(str(get_case_or_404(request, number)))
