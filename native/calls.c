/* Calls: of a scheduler's step, of a DataLoader's iterator. */

#include "native.h"

enum { ORIGINAL = 1 };
enum { SCHEDULERS = 2, PENDING, BUSY, MAKING, LATEST, PARTS_STEPPED };
enum { ENDED = 2, PARTS_NEXT };
enum { MOST_PENDING = 0 };

static PyTypeObject *scheduler_watch_type; /* kept for good, as is the next one's */

static struct {
    Py_ssize_t owner, wrote, steps_alone, lasti, caller, depth, item;
} scheduler_at;

static const Slot scheduler_slots[] = {
    {"owner", &scheduler_at.owner},
    {"wrote", &scheduler_at.wrote},
    {"steps_alone", &scheduler_at.steps_alone},
    {"lasti", &scheduler_at.lasti},
    {"caller", &scheduler_at.caller},
    {"depth", &scheduler_at.depth},
    {"item", &scheduler_at.item},
    {NULL, NULL},
};

static struct {
    Py_ssize_t explained, written;
} owner_at;

static const Slot owner_slots[] = {
    {"explained", &owner_at.explained},
    {"written", &owner_at.written},
    {NULL, NULL},
};

/* Say whether a call comes from the instruction that a scheduler was stepped by last. */
static int
comes_from(PyObject *watch)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    if (frame == NULL) {
        return 0;
    }
    int same = is_at(frame, get(watch, scheduler_at.caller), get(watch, scheduler_at.lasti));
    Py_DECREF(frame);
    return same;
}

/* Return the watch of a scheduler, borrowed; NULL if there is none. */
static PyObject *
watch_of(Function *self, PyObject *scheduler)
{
    PyObject *latest = self->part[LATEST];
    if (latest != Py_None && refers_to(get(latest, scheduler_at.wrote), scheduler)) {
        return latest;
    }
    PyObject *key = PyLong_FromVoidPtr(scheduler);
    PyObject *watch = key == NULL ? NULL
                                  : PyDict_GetItemWithError(self->part[SCHEDULERS], key);
    Py_XDECREF(key);
    if (watch == NULL || !Py_IS_TYPE(watch, scheduler_watch_type)) {
        return NULL;
    }
    Py_SETREF(self->part[LATEST], new_reference(watch));
    return watch;
}

/* Say whether all schedulers that are stepping do so in this thread, as many as when the
   one of this watch was stepped last, and that one is none of them (super().step()). */
static int
is_as_deep(PyObject *busy, PyObject *watch, PyObject *scheduler)
{
    if (PyLong_AsSsize_t(get(watch, scheduler_at.depth)) != PyList_GET_SIZE(busy)) {
        return 0;
    }
    for (Py_ssize_t i = PyList_GET_SIZE(busy); i-- > 0;) {
        PyObject *entry = PyList_GET_ITEM(busy, i);
        if (PyLong_AsVoidPtr(PyTuple_GET_ITEM(entry, 1)) == (void *)scheduler
            || PyLong_AsUnsignedLong(PyTuple_GET_ITEM(entry, 0))
                   != own_thread()) {
            return 0;
        }
    }
    return 1;
}

/* Take note of a step that is as the last one was: 1; 0 if it is not. Tell whether the
   scheduler may step others, and the watch of the optimizer, a new reference. */
static int
note_step(Function *self, PyObject *scheduler, int *others, PyObject **owner)
{
    PyObject *pending = self->part[PENDING];
    if (PyList_GET_SIZE(self->part[MAKING])
        || PyList_GET_SIZE(pending) >= self->number[MOST_PENDING]) {
        return 0;
    }
    PyObject *watch = watch_of(self, scheduler);
    if (watch == NULL || !comes_from(watch)
        || !is_as_deep(self->part[BUSY], watch, scheduler)
        || PyList_Append(pending, get(watch, scheduler_at.item)) < 0) {
        return 0;
    }
    *owner = new_reference(get(watch, scheduler_at.owner));
    if (*owner != Py_None) {
        put(*owner, owner_at.explained, new_reference(get(watch, scheduler_at.wrote)));
        put(*owner, owner_at.written, new_reference(Py_None)); /* until it has */
    }
    *others = get(watch, scheduler_at.steps_alone) != Py_True;
    return 1;
}

static PyObject *
stepped(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    PyObject *owner, *result;
    int others;
    if (PyVectorcall_NARGS(nargsf) != 1 || kwnames != NULL
        || !note_step(self, args[0], &others, &owner)) {
        return may_try_again() ? slowly(self, args, nargsf, kwnames) : NULL;
    }
    if (others) {
        PyObject *entry = Py_BuildValue("(kN)", own_thread(),
                                        PyLong_FromVoidPtr(args[0]));
        result = call_listed(self->part[ORIGINAL], args, nargsf, kwnames,
                             self->part[BUSY], entry);
    } else {
        result = PyObject_Vectorcall(self->part[ORIGINAL], args, nargsf, kwnames);
    }
    if (result != NULL && owner != Py_None
        && refers_to(get(owner, owner_at.explained), args[0])) {
        note_written(owner, args[0]);
    }
    Py_DECREF(owner);
    return result;
}

static PyObject *
next(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    PyObject *batch = PyObject_Vectorcall(self->part[ORIGINAL], args, nargsf, kwnames);
    if (batch == NULL && PyVectorcall_NARGS(nargsf) > 0
        && PyErr_ExceptionMatches(PyExc_StopIteration)) {
        PyObject *type, *error, *trace;
        PyErr_Fetch(&type, &error, &trace);
        PyObject *told = PyObject_CallFunctionObjArgs(self->part[ENDED], args[0], NULL);
        if (told != NULL) {
            Py_DECREF(told);
            PyErr_Restore(type, error, trace);
        } else { /* Ctrl-C came meanwhile */
            Py_XDECREF(type);
            Py_XDECREF(error);
            Py_XDECREF(trace);
        }
    }
    return batch;
}

/* (slow, original, watches, pending, busy, making, most pending,
   class of a scheduler's watch, class of an optimizer's) */
PyObject *
make_stepped(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *part[PARTS_STEPPED], *type, *owner;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OOO!O!O!O!nO!O!", &part[SLOW], &part[ORIGINAL],
                          &PyDict_Type, &part[SCHEDULERS], &PyList_Type, &part[PENDING],
                          &PyList_Type, &part[BUSY], &PyList_Type, &part[MAKING], &most,
                          &PyType_Type, &type, &PyType_Type, &owner)
        || find_slots(type, scheduler_slots) < 0 || find_slots(owner, owner_slots) < 0) {
        return NULL;
    }
    Py_XSETREF(scheduler_watch_type, (PyTypeObject *)new_reference(type));
    part[LATEST] = Py_None;
    Function *self = (Function *)new_function(stepped, part, PARTS_STEPPED);
    if (self != NULL) {
        self->number[MOST_PENDING] = most;
    }
    return (PyObject *)self;
}

/* (slow, original, ended) */
PyObject *
make_next(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *part[PARTS_NEXT];
    if (!PyArg_ParseTuple(args, "OOO", &part[SLOW], &part[ORIGINAL], &part[ENDED])) {
        return NULL;
    }
    return new_function(next, part, PARTS_NEXT);
}
