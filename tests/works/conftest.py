"""These tests walk past other rooms' links; what stands before them is those rooms' business."""

import pytest


@pytest.fixture(autouse=True)
def _walls_down(request):
    marker = request.node.get_closest_marker("django_db")
    if marker and not marker.kwargs.get("transaction"):
        request.getfixturevalue("walls_down")
