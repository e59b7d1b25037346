"""An export of the Northwind company: the whole one where it lies beside this project, and one that is made up."""

import os
from pathlib import Path

from django.conf import settings

WHOLE = Path(os.environ.get("NORTHWIND", settings.BASE_DIR.parent / "shared" / "data" / "northwind"))
SMALL = {
    "categories": "category_id,category_name,description\n1,Beverages,Soft drinks\n",
    "suppliers": "supplier_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,"
    "fax,homepage\n8,Made Up Foods,Sam Sample,Owner,1 Way,Leeds,,LS1,UK,1,,\n",
    "products": "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,"
    "units_on_order,reorder_level,discontinued\n11,Tea,8,1,10 boxes,14,39,0,10,0\n42,Cider,8,1,6 bottles,9.8,1,0,0,1\n",
    "customers": "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,"
    "fax\nMADEU,Made Up Buyers,Bea Buyer,Owner,2 Way,Paris,,75001,France,2,3\n",
    "region": "region_id,region_description\n1,Eastern\n",
    "territories": "territory_id,territory_description,region_id\n01581,Westboro,1\n",
    "employees": "employee_id,last_name,first_name,title,title_of_courtesy,birth_date,hire_date,address,city,region,"
    "postal_code,country,home_phone,extension,notes,reports_to\n"
    "1,Example,Eve,Seller,Ms.,1968-12-08,1992-05-01,3 Way\\nApt. 2A,Seattle,WA,98122,USA,4,5,,2\n"
    "2,Boss,Bob,Manager,Mr.,1952-02-19,1992-08-14,4 Way,Tacoma,WA,98401,USA,6,7,,\n",
    "employee_territories": "employee_id,territory_id\n1,01581\n",
    "shippers": "shipper_id,company_name,phone\n3,Made Up Parcels,8\n",
    "orders": "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,"
    "ship_address,ship_city,ship_region,ship_postal_code,ship_country\n"
    "10248,MADEU,1,1996-07-04,1996-08-01,1996-07-16,3,32.38,Made Up Buyers,2 Way,Paris,,75001,France\n"
    "10249,MADEU,2,1996-07-05,1996-08-16,,3,1.50,Made Up Buyers,2 Way,Paris,,75001,France\n",
    "order_details": "order_id,product_id,unit_price,quantity,discount\n10248,11,14,12,0\n10248,42,9.8,10,0.15\n"
    "10249,11,18.6,9,0\n",
}
