"""Each rule fires on a model that breaks it, and is silent about its neighbour that does not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Upper
from django.test.utils import isolate_apps

from apps.kernel.classification import (
    Blank,
    Classification,
    Constant,
    Criminal,
    DeleteBlob,
    Derived,
    File,
    FreeText,
    Generic,
    Json,
    Keep,
    Key,
    Linked,
    NotPersonal,
    Null,
    Opaque,
    Owner,
    Part,
    Personal,
    RandomUnique,
    Reads,
    Ref,
    Retention,
    Special,
    Technical,
    Unlinked,
)
from apps.privacy.checks import check_declarations, problems_of
from tests.sample.models import Deal, Person, Tag

ROOT = Path(__file__).resolve().parents[2]
NAME = Personal("pd:Name", erase=Blank())


def person(**options: Any) -> models.ForeignKey:
    return models.ForeignKey(Person, models.CASCADE, related_name="+", **options)


def problems(members: dict[str, Any], **declared: Any) -> list[str]:
    """The ids of what is wrong with a model of these members."""
    fields = {"id": Technical(), **declared.pop("fields", {})}
    with isolate_apps("tests.sample"):
        classification = Classification(activity="sample.records", fields=fields, **declared)
        attributes = {"__module__": "tests.sample.models", "classification": classification, **members}
        model = type("Thing", (models.Model,), attributes)
        return [message.id.removeprefix("privacy.") for message in problems_of(model)]


def about_a_person(**fields: Any) -> dict[str, Any]:
    return {"edges": {"who": Owner("friend")}, "fields": fields}


def read_by_all(**why: str) -> dict[str, Any]:
    return {**about_a_person(name=NAME), "reads": Reads("none", **why)}


def moment(**options: Any) -> models.DateTimeField:
    return models.DateTimeField(**options)


CASES: dict[str, tuple[str, Any, Any]] = {
    "a field without a word": (
        "E002",
        lambda: problems({"name": models.CharField(max_length=9)}),
        lambda: problems({"name": models.CharField(max_length=9)}, fields={"name": NotPersonal("a word")}),
    ),
    "a word without a field": (
        "E003",
        lambda: problems({}, fields={"gone": Technical()}),
        lambda: problems({"here": models.IntegerField()}, fields={"here": Technical()}),
    ),
    "a relation without a meaning": (
        "E004",
        lambda: problems({"who": person()}, fields={"who": Technical()}),
        lambda: problems({"who": person()}, edges={"who": Ref()}),
    ),
    "an owner who is nobody": (
        "E004",
        lambda: problems({"tag": models.ForeignKey(Tag, models.CASCADE)}, edges={"tag": Owner("label")}),
        lambda: problems({"who": person()}, edges={"who": Owner("friend")}),
    ),
    "personal data that leads nowhere": (
        "E005",
        lambda: problems({"name": models.CharField(max_length=9)}, fields={"name": NAME}),
        lambda: problems(
            {"name": models.CharField(max_length=9)}, fields={"name": NAME}, unlinked=Unlinked("nobody is asked")
        ),
    ),
    "two owners in one role": (
        "E006",
        lambda: problems({"a": person(), "b": person()}, edges={"a": Owner("friend"), "b": Owner("friend")}),
        lambda: problems({"a": person(), "b": person()}, edges={"a": Owner("friend"), "b": Owner("foe")}),
    ),
    "a part of itself": (
        "E007",
        lambda: problems({"up": models.ForeignKey("self", models.CASCADE)}, edges={"up": Part()}),
        lambda: problems({"up": models.ForeignKey(Deal, models.CASCADE)}, edges={"up": Part()}),
    ),
    "NULL where it cannot be": (
        "E008",
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=9)},
            **about_a_person(name=Personal("pd:Name", erase=Null())),
        ),
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=9, null=True)},
            **about_a_person(name=Personal("pd:Name", erase=Null())),
        ),
    ),
    "one value for all in a unique column": (
        "E008",
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=9, unique=True)},
            **about_a_person(name=Personal("pd:Name", erase=Constant("gone"))),
        ),
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=50, unique=True)},
            **about_a_person(name=Personal("pd:Name", erase=RandomUnique())),
        ),
    ),
    "a value longer than the column": (
        "E008",
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=38)},
            **about_a_person(name=Personal("pd:Name", erase=RandomUnique())),
        ),
        lambda: problems(
            {"who": person(), "name": models.CharField(max_length=39)},
            **about_a_person(name=Personal("pd:Name", erase=RandomUnique())),
        ),
    ),
    "a value that is no choice": (
        "E008",
        lambda: problems(
            {"who": person(), "kind": models.CharField(max_length=9, choices=[("a", "A")])},
            **about_a_person(kind=Personal("pd:Name", erase=Constant("b"))),
        ),
        lambda: problems(
            {"who": person(), "kind": models.CharField(max_length=9, choices=[("a", "A")])},
            **about_a_person(kind=Personal("pd:Name", erase=Constant("a"))),
        ),
    ),
    "a value that a constraint refuses": (
        "E008",
        lambda: problems(
            {
                "who": person(),
                "name": models.CharField(max_length=9),
                "Meta": type(
                    "Meta",
                    (),
                    {"constraints": [models.CheckConstraint(condition=~models.Q(name=""), name="named")]},
                ),
            },
            **about_a_person(name=NAME),
        ),
        lambda: problems(
            {
                "who": person(),
                "name": models.CharField(max_length=9),
                "Meta": type(
                    "Meta",
                    (),
                    {"constraints": [models.CheckConstraint(condition=~models.Q(name=""), name="named")]},
                ),
            },
            **about_a_person(name=Personal("pd:Name", erase=Constant("erased"))),
        ),
    ),
    "kept for no known reason": (
        "E009",
        lambda: problems(
            {"who": person(), "sum": models.IntegerField(), "created_at": moment()},
            **about_a_person(created_at=Technical(), sum=Linked("pd:Transactional", erase=Keep("because"))),
        ),
        lambda: problems(
            {"who": person(), "sum": models.IntegerField(), "created_at": moment()},
            **about_a_person(created_at=Technical(), sum=Linked("pd:Transactional", erase=Keep("tax-10y"))),
        ),
    ),
    "JSON that nobody describes": (
        "E010",
        lambda: problems({"who": person(), "extra": models.JSONField()}, **about_a_person(extra=Personal("pd:Name"))),
        lambda: problems(
            {"who": person(), "extra": models.JSONField()}, **about_a_person(extra=Json({"$.name": NAME}))
        ),
    ),
    "JSON that goes as a whole": (
        "E010",
        lambda: problems({"who": person(), "extra": models.JSONField()}, **about_a_person(extra=NAME)),
        lambda: problems(
            {"who": person(), "extra": models.JSONField()},
            **about_a_person(extra=Personal("pd:Name", erase=Opaque())),
        ),
    ),
    "a file that stays": (
        "E011",
        lambda: problems({"who": person(), "scan": models.FileField()}, **about_a_person(scan=File("pd:Signature"))),
        lambda: problems(
            {"who": person(), "scan": models.FileField()},
            **about_a_person(scan=File("pd:Signature", erase=DeleteBlob())),
        ),
    ),
    "a generic relation without a meaning": (
        "E012",
        lambda: problems(_generic(), edges={"ct": Ref()}, fields={"pk_text": Technical(), "thing": Technical()}),
        lambda: problems(
            _generic(), edges={"ct": Ref(), "thing": Generic("ct", "pk_text")}, fields={"pk_text": Technical()}
        ),
    ),
    "a history that cannot forget": (
        "E013",
        lambda: problems(
            {**_generic(), "changes": models.JSONField()},
            edges={"ct": Ref(), "thing": Generic("ct", "pk_text")},
            fields={"pk_text": Technical(), "changes": NotPersonal("all", reviewer="x")},
        ),
        lambda: problems(
            {**_generic(), "changes": models.JSONField(), "personal": models.JSONField()},
            edges={"ct": Ref(), "thing": Generic("ct", "pk_text")},
            fields={
                "pk_text": Technical(),
                "changes": NotPersonal("none", reviewer="x"),
                "personal": Linked("pd:Name", erase=Opaque()),
            },
        ),
    ),
    "a way to a person without an index": (
        "E014",
        lambda: problems({"who": person(db_index=False)}, edges={"who": Owner("friend")}),
        lambda: problems(
            {
                "who": person(db_index=False),
                "Meta": type("Meta", (), {"indexes": [models.Index(fields=["who", "id"], name="by_who")]}),
            },
            edges={"who": Owner("friend")},
        ),
    ),
    "a key without an index": (
        "E014",
        lambda: problems(
            {"mail": models.CharField(max_length=9)},
            edges={"who": Key("mail", "sample.Person.email")},
            fields={"mail": NAME},
        ),
        lambda: problems(
            {"mail": models.CharField(max_length=9, db_index=True)},
            edges={"who": Key("mail", "sample.Person.email")},
            fields={"mail": NAME},
        ),
    ),
    "health without a condition": (
        "E015",
        lambda: problems(
            {"who": person(), "ill": models.BooleanField()}, **about_a_person(ill=Special("pd:Health", art9=""))
        ),
        lambda: problems(
            {"who": person(), "ill": models.BooleanField()}, **about_a_person(ill=Special("pd:Health", art9="A9-2-b"))
        ),
    ),
    "an offence without a law": (
        "E015",
        lambda: problems(
            {"who": person(), "bad": models.BooleanField()},
            **about_a_person(bad=Criminal("pd:CriminalOffense", art10="")),
        ),
        lambda: problems(
            {"who": person(), "bad": models.BooleanField()},
            **about_a_person(bad=Criminal("pd:CriminalOffense", art10="§ 30 BZRG")),
        ),
    ),
    "a retention that may never begin": (
        "E016",
        lambda: problems(
            {"ended": moment(null=True)},
            fields={"ended": Technical()},
            retention=Retention(anchor="ended", keep="P1Y", law="x"),
        ),
        lambda: problems(
            {"ended": moment(null=True), "begun": moment()},
            fields={"ended begun": Technical()},
            retention=Retention(anchor="ended", fallback="begun", keep="P1Y", law="x"),
        ),
    ),
    "a computed column that hides its source": (
        "E017",
        lambda: problems(_generated(), **about_a_person(name=NAME, loud=Derived(sources=()))),
        lambda: problems(_generated(), **about_a_person(name=NAME, loud=Derived(sources=("name",)))),
    ),
    "text that nobody has looked at": (
        "E018",
        lambda: problems({"note": models.TextField()}, fields={"note": NotPersonal("only numbers")}),
        lambda: problems({"note": models.TextField()}, fields={"note": NotPersonal("only numbers", reviewer="DPO")}),
    ),
    "text that calls itself technical": (
        "E018",
        lambda: problems({"note": models.TextField()}, fields={"note": Technical()}),
        lambda: problems({"who": person(), "note": models.TextField()}, **about_a_person(note=FreeText(about="any"))),
    ),
    "people who may be read unrecorded": (
        "E021",
        lambda: problems({"who": person(), "name": models.CharField(max_length=9)}, **read_by_all()),
        lambda: problems({"who": person(), "name": models.CharField(max_length=9)}, **read_by_all(reason="His own.")),
    ),
}


def _generic() -> dict[str, Any]:
    return {
        "ct": models.ForeignKey(ContentType, models.CASCADE, related_name="+"),
        "pk_text": models.CharField(max_length=40),
        "thing": GenericForeignKey("ct", "pk_text"),
    }


def _generated() -> dict[str, Any]:
    return {
        "who": person(),
        "name": models.CharField(max_length=9),
        "loud": models.GeneratedField(
            expression=Upper("name"), output_field=models.CharField(max_length=9), db_persist=True
        ),
    }


@pytest.mark.parametrize("case", CASES)
def test_a_rule_fires_on_the_fault_and_only_on_the_fault(case: str) -> None:
    number, fault, near_miss = CASES[case]

    assert number in fault()
    assert near_miss() == []


def test_a_model_without_a_declaration_is_named() -> None:
    with isolate_apps("tests.sample"):
        model = type("Silent", (models.Model,), {"__module__": "tests.sample.models"})
        [message] = problems_of(model)

    assert message.id == "privacy.E001"
    assert message.msg == "sample.Silent has no classification."


def test_personal_data_stands_under_a_registered_activity() -> None:
    with isolate_apps("tests.sample"):
        declared = Classification(
            activity="no.such", edges={"who": Owner("friend")}, fields={"id who": Technical(), "name": NAME}
        )
        members = {"who": person(), "name": models.CharField(max_length=9), "classification": declared}
        model = type("Thing", (models.Model,), {"__module__": "tests.sample.models", **members})

        assert [message.id for message in problems_of(model)] == ["privacy.E001"]


def test_every_installed_model_keeps_the_rules_without_a_question_to_the_database() -> None:
    assert check_declarations() == []


def test_the_start_is_refused_when_a_field_has_no_word(tmp_path: Path) -> None:
    """The command itself, on an app whose model has just got one field more."""
    app = tmp_path / "forgetful"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "models.py").write_text(
        "from django.db import models\n"
        "from apps.kernel.classification import Classification, Technical\n"
        "class Thing(models.Model):\n"
        "    nickname = models.CharField(max_length=20)\n"
        "    classification = Classification(fields={'id': Technical()})\n"
    )
    (tmp_path / "forgetful_settings.py").write_text(
        "from config.settings.test import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'forgetful']\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "forgetful_settings"}

    check = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert check.returncode == 1
    assert "(privacy.E002) forgetful.Thing: The field nickname is not classified." in check.stderr
