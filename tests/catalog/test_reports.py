def test_products_to_reorder_are_listed_with_what_is_coming(sign_in, make_user, make_product, unit, other_unit):
    make_product(unit, number="LOW", on_hand=3, reorder_level=5)
    make_product(unit, number="PLENTY", on_hand=9, reorder_level=5)
    make_product(other_unit, number="THERE", on_hand=3, reorder_level=5)

    answer = sign_in(make_user("catalog-viewer", unit)).get("/reports/products-to-reorder.csv")

    assert answer.getvalue().decode("utf-8-sig").splitlines() == [
        "Number,Name,Supplier,Free,On order,Reorder level",
        "LOW,Product LOW,,3,0,5",
    ]
