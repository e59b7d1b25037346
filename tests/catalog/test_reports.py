from tests.reporting import report_lines


def test_products_to_reorder_are_listed_with_what_is_coming(make_user, make_product, unit, other_unit):
    make_product(unit, number="LOW", on_hand=3, reorder_level=5)
    make_product(unit, number="PLENTY", on_hand=9, reorder_level=5)
    make_product(other_unit, number="THERE", on_hand=3, reorder_level=5)

    lines = report_lines("products-to-reorder", make_user("catalog-viewer", unit))

    assert lines == [
        "Number,Name,Supplier,Free,On order,Reorder level",
        "LOW,Product LOW,,3,0,5",
    ]
