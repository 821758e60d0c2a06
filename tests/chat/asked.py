"""Two hundred messages to a coding agent, written for the test in three voices, each with what it asks for.

All but nine were written before the rules were run on them, by one writer who tried to sound like three: somebody
terse, somebody polite who writes whole sentences, somebody who thinks aloud. The nine have words of several tasks. That
is no sample of what people really write.
"""
# ruff: noqa: E501  a message is a line

from loopflow.chat.tasks import Task

_TERSE = """
TOOL_CALL: read the file src/config.py
TOOL_CALL: list all files in tests/
TOOL_CALL: grep TODO
TOOL_CALL: search for usages of parse_args
TOOL_CALL: run the command make lint
TOOL_CALL: show me git log
TOOL_CALL: cat pyproject
TOOL_CALL: list python files
TOOL_CALL: run npm test
TOOL_CALL: read README file
TOOL_CALL: open main.rs
CODE_GENERATION: fix the bug in tokenizer
CODE_GENERATION: implement retry with backoff
CODE_GENERATION: refactor Store into two classes
CODE_GENERATION: add tests for the cli
CODE_GENERATION: write code that parses ISO dates
CODE_GENERATION: make it async
CODE_GENERATION: rename foo to bar everywhere
CODE_GENERATION: fix failing test test_login
CODE_GENERATION: create a function slugify(text)
CODE_GENERATION: add type hints
CODE_GENERATION: bump deps and fix what breaks
CODE_GENERATION: remove dead code in utils
CODE_GENERATION: implement DELETE /users/:id
CODE_GENERATION: port this to typescript
CODE_GENERATION: fix lint errors
CODE_GENERATION: handle the None case
CODE_GENERATION: write a script to clean old branches
CODE_GENERATION: add a --json flag
CODE_GENERATION: create class RateLimiter
CODE_GENERATION: use pathlib instead of os.path
CODE_GENERATION: refactor
CODE_GENERATION: dockerise it
CODE_GENERATION: wire the new handler in
EXPLANATION: explain the retry loop
EXPLANATION: why does this return None
EXPLANATION: what is a lease here
EXPLANATION: how does auth work
EXPLANATION: difference between fit and budget?
EXPLANATION: why two caches
EXPLANATION: explain this traceback
EXPLANATION: what's the point of Draft
EXPLANATION: how do I run one test
EXPLANATION: meaning of exit code 3?
EXPLANATION: why is ci red
PLANNING: plan the migration
PLANNING: design a plugin system
PLANNING: architecture for offline sync?
PLANNING: steps to drop python 3.10
PLANNING: outline the release
PLANNING: break this into tickets
REVIEW: review this diff
REVIEW: check the code for races
REVIEW: audit dependencies
REVIEW: review PR 412
REVIEW: any problems with this?
REVIEW: look over my change
REVIEW: check code style in api/
UNKNOWN: yes
UNKNOWN: go on
UNKNOWN: thanks
UNKNOWN: stop
UNKNOWN: no, the other one
UNKNOWN: hm
UNKNOWN: ok push
REVIEW: review the plan
EXPLANATION: explain why the search is slow
CODE_GENERATION: cache it
"""
_POLITE = """
TOOL_CALL: Could you please read the configuration file and tell me which port is set?
TOOL_CALL: Please list the files in the migrations folder.
TOOL_CALL: Search the repository for the string "deprecated", please.
TOOL_CALL: Would you run the command that builds the documentation?
TOOL_CALL: Please show me the current branch and its status.
TOOL_CALL: Kindly run the test suite once and give me the result.
TOOL_CALL: Can you list all directories below packages, please?
TOOL_CALL: Please grep the logs for the request id 8812.
TOOL_CALL: I would like to see the contents of the Dockerfile.
TOOL_CALL: Please read both license files and quote the first line of each.
CODE_GENERATION: Please implement the pagination that is described in the ticket, with a limit of fifty entries.
CODE_GENERATION: Could you fix the bug that makes the export end with an empty line?
CODE_GENERATION: I would be glad if you could add a unit test for the case of an empty basket.
CODE_GENERATION: Please write the code for a small queue that drops the oldest entry when it is full.
CODE_GENERATION: Would you refactor the payment module so that it no longer depends on the session?
CODE_GENERATION: Please create a function which converts the prices to cents.
CODE_GENERATION: The button should be disabled while the form is sent. Please change this.
CODE_GENERATION: Please replace the deprecated calls of the date library with the new ones.
CODE_GENERATION: Could you translate all messages of the interface into German and put them into the catalogue?
CODE_GENERATION: Please write a class that reads the settings from the environment.
CODE_GENERATION: Kindly fix the tests which fail since yesterday's merge.
CODE_GENERATION: I need a migration that adds a column for the time zone. Please write it.
CODE_GENERATION: Please make the upload resumable, and keep the public interface as it is.
CODE_GENERATION: Would you please add an endpoint for the health of the service?
CODE_GENERATION: Please implement what we discussed about the cache yesterday.
CODE_GENERATION: The date picker crashes on leap days; please correct it.
CODE_GENERATION: Could you create a component that shows the progress of an upload?
CODE_GENERATION: Please extract the validation into its own module and adapt all callers.
CODE_GENERATION: Please add tests which show that the limit is kept under load.
CODE_GENERATION: Please fix the memory leak in the image worker.
CODE_GENERATION: Would you convert these callbacks to promises?
CODE_GENERATION: Please let the command exit with 2 where the file is missing.
CODE_GENERATION: I would like you to simplify the function calculate_totals without changing its results.
CODE_GENERATION: Please complete the TODO items in the scheduler.
EXPLANATION: Could you explain what the lock in the writer protects?
EXPLANATION: I do not understand why the second request is slower than the first one.
EXPLANATION: Please explain to me how the tokens are counted.
EXPLANATION: What is the purpose of the file conftest in this project?
EXPLANATION: How does the garbage collector of the cache decide what goes?
EXPLANATION: Could you describe the life of a request from the router to the database?
EXPLANATION: Would you tell me what the difference between the two strategies is?
EXPLANATION: Why was the old importer removed?
EXPLANATION: Please summarise what this module does, for a new colleague.
EXPLANATION: What are the consequences if the queue is full?
EXPLANATION: How do the retries interact with the timeout?
EXPLANATION: I wonder what happens to the session when the user changes the password.
PLANNING: Please make a plan for moving our jobs from cron to the new scheduler.
PLANNING: Could you propose an architecture for sending notifications to several channels?
PLANNING: We want to split the monolith. Which steps would you take, and in which order?
PLANNING: Please design the database schema for the loyalty programme.
PLANNING: What would be a sensible roadmap for the removal of the old interface?
PLANNING: Please prepare a plan of the tests that we need before the release.
PLANNING: Before you change anything, please write down how you would proceed.
REVIEW: Please review the changes on this branch and list what you find.
REVIEW: Could you check the code of the importer for security problems?
REVIEW: Would you audit our handling of passwords?
REVIEW: Please have a critical look at the new cache and tell me its weaknesses.
REVIEW: Please review the wording of the error messages.
REVIEW: Could you check whether the code follows our conventions?
REVIEW: I would appreciate a second opinion on this query.
REVIEW: Please check that no code path leaves the file open.
UNKNOWN: Thank you very much, that was helpful.
UNKNOWN: Yes, please go ahead with the second option.
UNKNOWN: No, please wait until I have talked to my colleague.
UNKNOWN: Good morning!
UNKNOWN: That is not what I meant.
CODE_GENERATION: Please search for all uses of the old client, and write the code which replaces them.
PLANNING: Could you plan how we add tests to the importer, without writing them yet?
"""
_ALOUD = """
TOOL_CALL: ok so first, just read through the files in docs/ so you know whats there, dont change anything
TOOL_CALL: can u run the migrate command again i think my db was still down the first time
TOOL_CALL: hmm grep for that error string pls? the one with "lease expired"
TOOL_CALL: list me the biggest files in this repo, im curious
TOOL_CALL: just run the thing and paste what it says
TOOL_CALL: could you search where we set the cookie domain, i keep forgetting
TOOL_CALL: oh wait can you read the lock file and tell me which version we're on
TOOL_CALL: check if the server is up on 8080
CODE_GENERATION: so the login page is broken again on safari, there's some bug with the cookie i guess, can you fix it pls
CODE_GENERATION: i started a function in utils.py but got stuck halfway, finish it for me? should handle nested lists too
CODE_GENERATION: let's just implement it the simple way first, one big loop, we can make it fast later
CODE_GENERATION: ugh this file is 900 lines, refactor it into something sane please, keep the tests green
CODE_GENERATION: ok now add some tests, at least for the edge cases, empty input and the 2GB thing
CODE_GENERATION: why not just use a dict there? change it
CODE_GENERATION: can you make the table sortable, like click on header, and remember it in the url
CODE_GENERATION: i think the plan is fine so go and write the code for step one
CODE_GENERATION: hey the build fails on windows, something with paths, fix the errors and run it again
CODE_GENERATION: create the component like in the mockup, just ignore the footer for now
CODE_GENERATION: the thing where it retries forever, thats a bug, fix that one bug and nothing else
CODE_GENERATION: try again but without the regex
CODE_GENERATION: lets get rid of moment.js, its huge
CODE_GENERATION: so i explained the design to the team and they like it, implement it
CODE_GENERATION: write me a quick script that goes over the csv and sums per customer, python is fine
CODE_GENERATION: i want dark mode. all pages. use the css vars we have
CODE_GENERATION: add test for what i just reported, then fix it
CODE_GENERATION: hmm the reviewer says the names are bad, rename stuff so its clearer
CODE_GENERATION: in the settings page the save button does nothing, make it work and write a test so it stays that way
CODE_GENERATION: okay do it, all five of them, one commit each, and don't touch the public api while you're at it please
CODE_GENERATION: move the helpers somewhere better
CODE_GENERATION: could you also implement undo, ctrl z, for like the last 20 actions
CODE_GENERATION: i need this ported to go by friday, start with the parser since everything hangs off that
CODE_GENERATION: the api returns 500 when name has an emoji, can you sort that out
EXPLANATION: wait why does it do that twice? i thought the cache would catch it
EXPLANATION: im new here, explain like im five what this service even does
EXPLANATION: what is this weird decorator doing, never seen that before
EXPLANATION: sooo how does the deploy work, is it on merge or do i have to press something
EXPLANATION: tell me whats going on in that stack trace, i dont get it
EXPLANATION: is it normal that it takes 4gb? what's it doing with all that
EXPLANATION: huh. why did that fix it
EXPLANATION: can you walk me through the auth flow, slowly, i keep mixing up the tokens
EXPLANATION: how do people usually do this in rust? just asking, no code
EXPLANATION: i dont see the difference between these two functions tbh
PLANNING: ok before we touch anything let's think, whats the plan if we want multi tenant
PLANNING: help me figure out the design for this, i have no idea where state should live
PLANNING: what steps are left until we can ship this, make me a checklist
PLANNING: i'd love an architecture sketch, boxes and arrows, nothing fancy
PLANNING: how would you split the work between me and a junior
PLANNING: so im thinking queue vs polling, pros and cons for our case pls
REVIEW: can you review what i did yesterday, be harsh
REVIEW: is this ok to merge? look for anything dumb
REVIEW: pls check my code before i embarrass myself in front of the team
REVIEW: audit this for sql injection, the intern wrote it
REVIEW: what do you think of this approach, anything that smells
REVIEW: go through the pr and tell me what you'd complain about
UNKNOWN: lol ok
UNKNOWN: hmm not sure, what do you think
UNKNOWN: yeah that
UNKNOWN: nvm found it
UNKNOWN: cool, brb
UNKNOWN: the second one i guess
CODE_GENERATION: the search is slow, implement an index for it, nothing clever
CODE_GENERATION: read my last message again and then write the code exactly like that
CODE_GENERATION: so the plan changed, refactor the worker first, then the api
EXPLANATION: how does one even debug this, the log says "fix the bug in line 3" and line 3 is a comment
"""


def _read(text: str) -> list[tuple[Task, str]]:
    found: list[tuple[Task, str]] = []
    for line in text.strip().splitlines():
        task, _, words = line.partition(": ")
        found.append((task, words))  # type: ignore[arg-type]
    return found


VOICES = {"terse": _read(_TERSE), "polite": _read(_POLITE), "thinking aloud": _read(_ALOUD)}
ASKED = [each for voice in VOICES.values() for each in voice]
