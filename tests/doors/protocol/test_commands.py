"""Commands over HTTP: what they do, and how they are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from doors.protocol.talk import ALL, Talk, phases
from fundamentals.gate import Gate
from runline.kit.ids import new_id

ROW_MODES = ["values", "updates", "messages", "tools", "lifecycle", "custom", "tasks", "checkpoints"]


async def state(talk: Talk) -> Any:
    return (await talk.http.get(f"/threads/{talk.thread_id}/state")).json()


async def log_of(talk: Talk) -> list[str]:
    return list((await state(talk))["values"]["log"])


async def asked(talk: Talk) -> list[dict[str, Any]]:
    """What the thread asks, as its events say."""
    async with talk.watch("input", "lifecycle") as window:
        await window.ends()
        return [{**params["data"], "namespace": params["namespace"]} for params in window.of("input.requested")]


async def test_a_run_that_is_started_is_a_run_like_any_other(talk: Talk) -> None:
    run_id, _ = await talk.run(metadata={"mine": 1})
    run = (await talk.http.get(f"/threads/{talk.thread_id}/runs/{run_id}")).json()
    assert (run["status"], run["multitask_strategy"], run["metadata"]["mine"]) == ("success", "enqueue", 1)
    kwargs = run["kwargs"]
    assert (kwargs["stream_mode"], kwargs["subgraphs"], kwargs["resumable"]) == (ROW_MODES, True, True)
    assert kwargs["durability"] == "async"
    assert not [key for key in (*kwargs["context"], *kwargs["config"]["configurable"]) if key.startswith("__")]


async def test_state_is_unknown_before_the_first_run(talk: Talk) -> None:
    assert (await talk.http.get(f"/threads/{talk.thread_id}/state")).status_code == 404


async def test_a_message_keeps_the_id_its_client_gave_it(talk: Talk) -> None:
    message = {"type": "human", "content": "hi", "id": new_id(), "additional_kwargs": {}, "response_metadata": {}}
    _, events = await talk.run("chat", input={"messages": [message]})
    values = [event["params"]["data"] for event in events if event["method"] == "values"]
    assert values[0]["messages"][0]["id"] == values[-1]["messages"][0]["id"] == message["id"]


async def test_applied_through_seq_is_that_of_all_the_thread_has_told(talk: Talk, gate: Gate) -> None:
    first = await talk.send("run.start", assistant_id="steps", input={})
    assert first["meta"] == {"applied_through_seq": 0}
    async with talk.watch() as window:
        last = (await window.ends())[-1]["seq"]
        second = await talk.send("run.start", assistant_id="steps", input={})
        assert second["meta"] == {"applied_through_seq": last}
        await window.ends(2)
        await talk.start(gate=gate)
        await gate.reached()
        seen = (await window.shows("values", 8))[-1]["seq"]
        through = (await talk.send("state.get"))["meta"]["applied_through_seq"]
        assert through >= seen
        gate.open()
        await window.ends(3)
        assert all(event["seq"] > through for event in window.events[-3:])


async def test_a_client_that_goes_on_behind_the_reply_hears_of_its_own_run_alone(talk: Talk) -> None:
    await talk.run()
    reply = await talk.send("run.start", assistant_id="steps", input={})
    async with talk.watch("lifecycle", since=reply["meta"]["applied_through_seq"]) as window:
        await window.ends()
        assert {event["event_id"].split(":")[1] for event in window.events} == {reply["result"]["run_id"]}


async def test_a_busy_thread_takes_a_run_at_once(talk: Talk, gate: Gate) -> None:
    await talk.start(gate=gate)
    await gate.reached()
    async with asyncio.timeout(10):
        await talk.start()
    async with talk.watch() as window:
        gate.open()
        await window.ends(2)
    assert len(await log_of(talk)) == 8


async def test_a_strategy_may_refuse(talk: Talk, gate: Gate) -> None:
    await talk.start(gate=gate)
    await gate.reached()
    reply = await talk.send("run.start", assistant_id="steps", input={}, multitaskStrategy="reject")
    assert (reply["error"], reply["message"][:4]) == ("unknown_error", "409:")


async def test_a_run_forks_from_a_checkpoint(talk: Talk) -> None:
    await talk.run()
    history = (await talk.http.post(f"/threads/{talk.thread_id}/history", json={"limit": 20})).json()
    first = next(each for each in history if each["metadata"]["step"] == 0)
    config = {"configurable": {"checkpoint_id": first["checkpoint"]["checkpoint_id"]}}
    await talk.run(input={"log": ["fork"]}, config=config)
    assert await log_of(talk) == ["zero", "fork", "one", "two", "three"]
    config = {"configurable": {"checkpoint_id": new_id()}}
    assert await talk.refused("run.start", assistant_id="steps", config=config) == "no_such_checkpoint"


async def test_input_answers_what_the_thread_asks(talk: Talk) -> None:
    await talk.run("asks")
    await talk.run("asks", input="yes")
    assert await log_of(talk) == ["zero", "prepared", "answer: yes", "acted"]
    (newest, _) = (await talk.http.get(f"/threads/{talk.thread_id}/runs")).json()
    assert (newest["kwargs"]["input"], newest["kwargs"]["command"]) == (None, {"resume": "yes"})


async def test_a_question_is_told_under_both_names_and_answered_by_its_id(talk: Talk) -> None:
    await talk.run("asks")
    (question,) = await asked(talk)
    assert question["payload"] == question["value"] == {"question": "Shall we?"}
    answer = {"namespace": [], "interrupt_id": question["interrupt_id"], "response": "yes"}
    async with talk.watch("lifecycle", "values") as window:
        await window.ends()
        assert (await talk.do("input.respond", **answer))["run_id"]
        assert phases(await window.ends(2)) == ["running", "interrupted", "running", "completed"]
        assert not [values for values in window.data("values") if "__interrupt__" in values]
    assert (await state(talk))["tasks"] == []
    assert await talk.refused("input.respond", **answer) == "no_such_interrupt"


async def test_a_question_of_a_subgraph_is_asked_and_answered_in_its_namespace(talk: Talk) -> None:
    await talk.run("family")
    (question,) = await asked(talk)
    assert question["namespace"][0].startswith("child:")
    answer = {"namespace": question["namespace"], "interrupt_id": question["interrupt_id"], "response": "yes"}
    await talk.do("input.respond", **answer)
    async with talk.watch() as window:
        await window.until(lambda _: "completed" in window.phases)
    assert (await log_of(talk))[-2:] == ["answer: yes", "acted"]


async def test_several_questions_are_answered_at_once_and_what_is_left_is_asked_again(talk: Talk) -> None:
    await talk.run("asks_many")
    questions = await asked(talk)
    assert sorted(each["value"] for each in questions) == ["left, first", "right"]
    answers = [
        {"namespace": [], "interrupt_id": each["interrupt_id"], "response": f"re {each['value']}"} for each in questions
    ]
    await talk.do("input.respond", responses=answers)
    (left,) = await asked(talk)
    assert left["value"] == "left, second"
    await talk.do("input.respond", namespace=[], interrupt_id=left["interrupt_id"], response="b")
    async with talk.watch() as window:
        await window.until(lambda _: "completed" in window.phases)
    assert sorted(await log_of(talk)) == ["left: re left, first, b", "right: re right", "zero"]


async def test_an_answer_may_update_the_state_and_go_elsewhere(talk: Talk) -> None:
    await talk.run("asks")
    (question,) = await asked(talk)
    await talk.do(
        "input.respond",
        namespace=[],
        interrupt_id=question["interrupt_id"],
        response="yes",
        update={"log": ["updated"]},
        goto="act",
    )
    async with talk.watch() as window:
        await window.until(lambda _: "completed" in window.phases)
    log = await log_of(talk)
    assert "updated" in log
    assert log.count("acted") == 2


async def test_who_answers_before_the_run_that_asks_is_over_is_not_refused(talk: Talk) -> None:
    for _ in range(5):
        again = Talk(talk.http)
        async with again.watch("input") as window:
            await again.start("asks")
            await window.shows("input.requested")
            (question,) = window.data("input.requested")
            await again.do("input.respond", namespace=[], interrupt_id=question["interrupt_id"], response="yes")
        async with again.watch() as window:
            await window.until(lambda events: "completed" in phases(events))


async def test_an_answer_to_a_thread_on_which_nothing_ran_is_refused(talk: Talk) -> None:
    assert await talk.refused("input.respond", namespace=[], interrupt_id="x", response=1) == "no_such_run"
    await talk.http.post("/threads", json={"thread_id": talk.thread_id})
    assert await talk.refused("input.respond", namespace=[], interrupt_id="x", response=1) == "no_such_interrupt"


async def test_state_get_tells_the_state_of_the_thread_and_of_its_subgraphs(talk: Talk) -> None:
    assert await talk.refused("state.get", namespace=[]) == "no_such_run"
    await talk.run("family")
    root = await talk.do("state.get", namespace=[])
    assert root["values"] == {"log": ["zero"]}
    assert root["checkpoint"]["id"]
    (question,) = await asked(talk)
    child = await talk.do("state.get", namespace=question["namespace"], keys=["log", "nothing"])
    assert child["values"] == {"log": ["zero", "prepared"]}
    assert await talk.refused("state.get", namespace=["nobody:1"]) == "no_such_namespace"


async def test_the_tree_of_a_run_shows_its_subgraphs(talk: Talk, gate: Gate) -> None:
    assert await talk.refused("agent.getTree") == "no_such_run"
    first, _ = await talk.run("family")
    tree = (await talk.do("agent.getTree"))["tree"]
    assert (tree["namespace"], tree["status"], tree["graph_name"]) == ([], "interrupted", "family")
    (child,) = tree["children"]
    assert (child["status"], child["graph_name"]) == ("interrupted", "child")
    (question,) = await asked(talk)
    await talk.start("family", input="yes", gate=gate)
    await gate.reached()
    assert (await talk.do("agent.getTree"))["tree"]["status"] == "running"
    assert (await talk.do("agent.getTree", run_id=first))["tree"]["status"] == "interrupted"
    gate.open()
    async with talk.watch() as window:
        await window.ends()
    assert (await talk.do("agent.getTree"))["tree"]["status"] == "completed"
    assert question["namespace"] == child["namespace"]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("nope", {}, "unknown_command"),
        ("state.fork", {}, "unknown_command"),
        ("subscription.subscribe", {"channels": list(ALL)}, "not_supported"),
        ("run.start", {}, "invalid_argument"),
        ("run.start", {"assistant_id": 3}, "invalid_argument"),
        ("run.start", {"assistant_id": "nobody"}, "unknown_error"),
        ("run.start", {"assistant_id": "steps", "multitaskStrategy": "hope"}, "invalid_argument"),
        ("run.start", {"assistant_id": "steps", "config": {"configurable": 1}}, "invalid_argument"),
        (
            "run.start",
            {"assistant_id": "x", "config": {"configurable": {"checkpoint_id": "x"}}},
            "invalid_argument",
        ),
        ("run.start", {"assistant_id": "steps", "langsmith_tracer": {"project_name": "p"}}, "not_supported"),
        ("run.start", {"assistant_id": "broken"}, "unknown_error"),
        ("input.respond", {}, "invalid_argument"),
        ("input.respond", {"responses": []}, "invalid_argument"),
        ("input.respond", {"interrupt_id": "x", "responses": [{"interrupt_id": "y"}]}, "invalid_argument"),
        ("state.get", {"namespace": "root"}, "invalid_argument"),
        ("agent.getTree", {"run_id": "x"}, "invalid_argument"),
        ("agent.getTree", {"run_id": "00000000-0000-7000-8000-000000000000"}, "no_such_run"),
    ],
)
async def test_what_cannot_be_carried_out_is_refused_by_a_reply(
    talk: Talk, method: str, params: dict[str, Any], code: str
) -> None:
    assert await talk.refused(method, **params) == code
    assert (await talk.http.get(f"/threads/{talk.thread_id}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "command_id"),
    [
        (b"[]", None),
        (b'{"id": 1}', 1),
        (b'{"id": "x", "method": "a"}', None),
        (b'{"id": true, "method": "run.start"}', None),
        (b'{"id": 1, "method": 5}', 1),
        (b'{"id": 1, "method": "run.start", "params": []}', 1),
    ],
)
async def test_what_is_no_command_is_400_with_an_envelope(talk: Talk, body: bytes, command_id: object) -> None:
    answer = await talk.http.post(f"/threads/{talk.thread_id}/commands", content=body)
    assert answer.status_code == 400
    reply = answer.json()
    assert (reply["type"], reply["id"], reply["error"]) == ("error", command_id, "invalid_argument")


async def test_what_is_no_json_is_400(talk: Talk) -> None:
    answer = await talk.http.post(f"/threads/{talk.thread_id}/commands", content=b"{")
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid JSON body"})


async def test_starts_that_race_all_run(talk: Talk) -> None:
    run_ids = await asyncio.gather(*(talk.start() for _ in range(10)))
    async with talk.watch(since=0) as window:
        events = await window.ends(10)
    told = [event["event_id"].split(":")[1] for event in events if event["event_id"].endswith("completed")]
    assert sorted(told) == sorted(run_ids)
