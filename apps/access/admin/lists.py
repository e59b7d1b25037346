from django.http import HttpRequest
from unfold.views import ChangeList

from apps.access.lists import CappedPaginator, TooDeep


class RecordChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        if isinstance(paginator, CappedPaginator) and self.page_num > max(paginator.num_pages, 1):
            raise TooDeep
        super().get_results(request)
        # The pages say how many there are; the title need not.
        self.full_result_count = self.result_count
