from django.http import HttpResponse


def board(request):
    return HttpResponse("")


def reassign(request):
    return HttpResponse("")
