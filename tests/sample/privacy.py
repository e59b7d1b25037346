from apps.kernel.classification import Activity, Classification, Ref, Technical, activity, classify

activity(Activity(key="sample.records", title="Pretend records", purpose="To test the platform.", basis="A6-1-b"))
classify(
    "sample.Deal_tags",
    Classification(edges={"deal": Ref(), "tag": Ref()}, fields={"id deal tag": Technical()}),
)
