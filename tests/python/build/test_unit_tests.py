"""dbt's unit tests pass; no build of a world runs them here."""

import shutil


def test_every_unit_test_passes(built_world, run_dbt, tmp_path):
    warehouse = shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name)
    tested = run_dbt("test", "--select", "test_type:unit", warehouse=warehouse)
    assert tested.returncode == 0, tested.stdout[-5000:]
    assert " unit tests in " in tested.stdout
