"""What `.streamlit/config.toml` says that Snowflake's container runtime does not hear."""

from __future__ import annotations

import tomllib

from tests.deploy.shipping import ROOT

# https://docs.snowflake.com/en/developer-guide/streamlit/app-development/secrets-and-configuration
HEARD = {"theme", "runner"}
HEARD_OF_CLIENT = {"showErrorDetails", "showSidebarNavigation"}


def test_nothing_that_the_course_depends_on_is_set_where_the_container_runtime_ignores_it() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    unheard = {
        f"{section}.{option}"
        for section, options in config.items()
        for option in options
        if section not in HEARD and not (section == "client" and option in HEARD_OF_CLIENT)
    }
    # A question at the first start, a menu, statistics, and limits on what is sent: Snowflake has
    # its own of each. The rest is a warning in the log.
    assert unheard == {
        "server.maxUploadSize",
        "server.maxWidgetStateSize",
        "server.showEmailPrompt",
        "client.toolbarMode",
        "browser.gatherUsageStats",
        "global.disableWidgetStateDuplicationWarning",
    }
