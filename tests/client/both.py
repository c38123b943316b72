"""`AsyncPlaudit` used from code that waits, so that one test says what holds of both clients."""

import asyncio
import inspect
import threading

from plaudit.client import AsyncPlaudit


class Awaited:
    """The same methods as `Plaudit`, each run in an event loop of its own thread."""

    def __init__(self, *arguments, **options):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            self._client = self._run(self._call(AsyncPlaudit, *arguments, **options))
        except Exception:
            self._end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getattr__(self, name):
        found = getattr(self._client, name)
        if not callable(found):
            return found
        return lambda *arguments, **options: self._run(self._call(found, *arguments, **options))

    def close(self):
        if self._loop.is_running():
            self._run(self._client.close())
            self._end()

    async def _call(self, function, *arguments, **options):
        given = function(*arguments, **options)
        if inspect.isasyncgen(given):
            return [item async for item in given]
        return await given if inspect.isawaitable(given) else given

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
