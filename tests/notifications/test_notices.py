from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from apps.events.events import WorkParked
from apps.notifications.models import Notice
from apps.notifications.services import holders, mail_waiting, notify, read
from apps.notifications.subscribers import tell_operators


@pytest.fixture
def operator(make_user):
    return make_user("operator", email="operator@example.org")


def test_parked_work_is_told_to_the_operators_only(operator, make_user, unit):
    make_user("sample-manager", unit)

    tell_operators(WorkParked(work=str(uuid4()), job="sample.count", attempts=5))

    notice = Notice.objects.get()
    assert notice.user == operator
    assert notice.sentence == (
        "Background work “sample.count” failed 5 times and was set aside. Run it again or let it be."
    )


def test_who_has_not_read_of_it_is_not_told_again(operator):
    about = uuid4()
    for _ in range(2):
        notify([operator], about=about, sentence="Look.")
    assert Notice.objects.count() == 1

    read(Notice.objects.get(), now=timezone.now())
    notify([operator], about=about, sentence="Look.")

    assert Notice.objects.count() == 2


def test_a_notice_is_mailed_once_and_names_where_to_act(operator, settings):
    settings.BASE_URL = "https://steward.example.org"
    notify([operator], about=uuid4(), sentence="Look.", path="/admin/x/")

    assert (mail_waiting(), mail_waiting()) == (1, 0)
    assert [message.to for message in mail.outbox] == [["operator@example.org"]]
    assert mail.outbox[0].body == "Look.\n\nhttps://steward.example.org/admin/x/\n"


def test_a_disabled_person_holds_nothing(operator):
    operator.is_active = False
    operator.save()

    assert list(holders("events.retry_work")) == []


def test_everybody_reads_his_own_notices_and_no_others(sign_in, operator, make_user):
    notify([operator], about=uuid4(), sentence="For the operator.")

    assert "For the operator." in sign_in(operator).get("/admin/notifications/notice/").text
    assert "For the operator." not in sign_in(make_user("operator")).get("/admin/notifications/notice/").text
