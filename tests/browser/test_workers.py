"""Several processes serve the same pages: a session is good in each, and each draws."""

import httpx2
from running import MAIN, plaudit, project, server_key
from votes import Answer, register, vote


def test_every_worker_knows_the_session_and_draws(tmp_path, postgres):
    """A new connection goes to any of them."""
    database = postgres.create_database()
    with plaudit(tmp_path, [project(MAIN)], workers=2, database_url=database) as server:
        answers = [Answer(number, liked=True) for number in range(1, 60, 3)]  # of guests
        register(server, answers)
        vote(server, answers)
        signed_in = server.http.post("/dashboard/sign-in", data={"key": server_key()},
                                     headers={"sec-fetch-site": "same-origin"})
        cookie = {"cookie": f"plaudit_dashboard={signed_in.cookies['plaudit_dashboard']}"}
        for _ in range(8):
            page = httpx2.get(f"{server.http.base_url}/dashboard?days=all", headers=cookie, trust_env=False, timeout=20)
            assert page.status_code == 200
            assert "data:image/svg+xml;base64," in page.text
