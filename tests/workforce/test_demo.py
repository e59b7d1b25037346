from itertools import pairwise

from faker import Faker

from apps.workforce.demo import load
from apps.workforce.models import Absence, Department, Employee, EmployeeTerritory


def test_the_demonstration_is_a_tree_of_managers(unit, django_assert_max_num_queries):
    faker = Faker(["de_DE", "en_GB", "fr_FR"])
    faker.seed_instance(1)

    with django_assert_max_num_queries(20):
        load(unit, faker, 1_000)

    assert (Department.objects.count(), Employee.objects.count()) == (5, 30)
    assert Employee.objects.get(reports_to=None).title == "Managing Director"
    assert EmployeeTerritory.objects.count() == 20
    assert Absence.objects.filter(state="requested").count() == Employee.objects.filter(left_on=None).count()
    spells = list(Absence.objects.order_by("employee", "starts_on").values_list("employee", "starts_on", "ends_on"))
    assert len(spells) > 200
    assert not [one for one, other in pairwise(spells) if one[0] == other[0] and one[2] >= other[1]]
