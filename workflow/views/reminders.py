from django.http import HttpResponse


def reminders(request):
    return HttpResponse("")
