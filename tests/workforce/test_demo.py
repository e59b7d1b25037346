from faker import Faker

from apps.workforce.demo import load
from apps.workforce.models import Absence, Department, Employee, EmployeeTerritory


def test_the_demonstration_is_a_tree_of_managers(unit, django_assert_max_num_queries):
    faker = Faker(["de_DE", "en_GB", "fr_FR"])
    faker.seed_instance(1)

    with django_assert_max_num_queries(20):
        load(unit, faker, 300)

    assert (Department.objects.count(), Employee.objects.count()) == (5, 36)
    assert Employee.objects.get(reports_to=None).title == "Managing Director"
    assert EmployeeTerritory.objects.count() == 20
    assert Absence.objects.filter(kind="sickness").count() == 36
