/* Steps: what happens around an optimizer step (capture/optimizer_steps.py). */

#include "look.h"
#include <math.h>

enum { WATCHES = 1, OPENED_BEFORE, PENDING_BEFORE, BETWEEN, LATEST, PARTS_BEFORE };
enum { OPENED = 1, PENDING, JOURNAL, FAIL, PARTS_AFTER };

static PyTypeObject *watch_type; /* kept for good */

static struct {
    Py_ssize_t thread, owner, reference, groups, look, last, explained, written, rates,
        probe, pattern, usual, updates, code, row, applied, simple, turn, hand;
} watch_at;

static const Slot watch_slots[] = {
    {"thread", &watch_at.thread},
    {"owner", &watch_at.owner},
    {"reference", &watch_at.reference},
    {"groups", &watch_at.groups},
    {"look", &watch_at.look},
    {"last", &watch_at.last},
    {"explained", &watch_at.explained},
    {"written", &watch_at.written},
    {"rates", &watch_at.rates},
    {"probe", &watch_at.probe},
    {"pattern", &watch_at.pattern},
    {"usual", &watch_at.usual},
    {"updates", &watch_at.updates},
    {"code", &watch_at.code},
    {"row", &watch_at.row},
    {"applied", &watch_at.applied},
    {"simple", &watch_at.simple},
    {"turn", &watch_at.turn},
    {"hand", &watch_at.hand},
    {NULL, NULL},
};

PyObject *lr;

static PyObject *param_groups, *own_hooks, *last_lr, *grad;

int
steps_ready(void)
{
    param_groups = PyUnicode_InternFromString("param_groups");
    lr = PyUnicode_InternFromString("lr");
    own_hooks = PyUnicode_InternFromString("_optimizer_step_pre_hooks");
    last_lr = PyUnicode_InternFromString("_last_lr");
    grad = PyUnicode_InternFromString("grad");
    return param_groups && lr && own_hooks && last_lr && grad ? 0 : -1;
}

/* Say how a rate is to the one before: 1 if it is the same, 0 if another, -1 if that
   depends: NaN is not even itself, and -0.0 equals 0.0 but is written as it is. */
static int
is_same_rate(PyObject *rate, PyObject *was)
{
    double now = PyFloat_AS_DOUBLE(rate);
    if (now != now) {
        return -1;
    }
    if (rate == was) {
        return 1;
    }
    if (!PyFloat_CheckExact(was) || now != PyFloat_AS_DOUBLE(was)) {
        return 0;
    }
    return now != 0 || signbit(now) == signbit(PyFloat_AS_DOUBLE(was)) ? 1 : -1;
}

/* Return the first rates of `last` in a list that has room for all. */
static PyObject *
copy_of(PyObject *last, Py_ssize_t count)
{
    PyObject *rates = PyList_New(PyList_GET_SIZE(last));
    for (Py_ssize_t i = 0; rates != NULL && i < count; i++) {
        PyList_SET_ITEM(rates, i, new_reference(PyList_GET_ITEM(last, i)));
    }
    return rates;
}

/* Return the rates of all groups, `last` itself if they are the same; NULL without
   an exception if they are not all floats. Making a list may run a finalizer, which
   may do anything. */
static PyObject *
rates_in(Look *look, PyObject *groups, PyObject *last)
{
    PyObject *rates = NULL; /* made when the first one differs */
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(last); i++) {
        PyObject *group = i < PyList_GET_SIZE(groups) ? PyList_GET_ITEM(groups, i) : NULL;
        PyObject *rate = group != NULL && group == look->beside[i].group
                             ? find(group, look->beside[i].lr)
                             : NULL;
        int same = rate != NULL && PyFloat_CheckExact(rate)
                       ? is_same_rate(rate, PyList_GET_ITEM(last, i))
                       : -1;
        if (same < 0) {
            Py_XDECREF(rates);
            return NULL;
        }
        if (same && rates == NULL) {
            continue;
        }
        Py_INCREF(rate);
        if (rates == NULL && (rates = copy_of(last, i)) == NULL) {
            Py_DECREF(rate);
            return NULL;
        }
        PyList_SET_ITEM(rates, i, rate);
    }
    return rates != NULL ? rates : new_reference(last);
}

/* Say whether two lists hold the same objects in the same order. */
static int
are_identical(PyObject *one, PyObject *other)
{
    Py_ssize_t count = PyList_GET_SIZE(one);
    if (count != PyList_GET_SIZE(other)) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyList_GET_ITEM(one, i) != PyList_GET_ITEM(other, i)) {
            return 0;
        }
    }
    return 1;
}

/* Say whether lists are equal: 1 or 0, -1 with an exception. Mostly they hold the same
   objects, and then none of them is looked at. */
static int
are_equal(PyObject *one, PyObject *other)
{
    if (PyList_CheckExact(one) && PyList_CheckExact(other) && are_identical(one, other)) {
        return 1;
    }
    return PyObject_RichCompareBool(one, other, Py_EQ);
}

/* Keep what a scheduler of torch's own wrote, for the step to come: now it is at hand. */
void
note_written(PyObject *watch, PyObject *scheduler)
{
    PyObject *written = PyObject_GetAttr(scheduler, last_lr);
    if (written == NULL) {
        PyErr_Clear();
        written = new_reference(Py_None);
    }
    put(watch, watch_at.written, written);
}

/* Say whether it is known who wrote rates that are new: 1 or 0, -1 if asking failed.
   What a scheduler wrote serves once. */
static int
is_explained(PyObject *watch, PyObject *rates)
{
    PyObject *wrote = get(watch, watch_at.explained);
    if (wrote == Py_True) {
        return 1;
    }
    PyObject *written = new_reference(get(watch, watch_at.written));
    put(watch, watch_at.written, new_reference(Py_None));
    int same = PyWeakref_CheckRefExact(wrote) && PyList_CheckExact(written)
                   ? are_equal(written, rates)
                   : 0;
    Py_DECREF(written);
    return same;
}

/* Return the frame that a step was called from: the first that runs no function between
   the program and its hooks. */
static PyFrameObject *
calling_frame(PyObject *between)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    while (frame != NULL) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        int passed = PySet_Contains(between, code->co_name); /* of strings: never fails */
        Py_DECREF(code);
        PyFrameObject *back = passed > 0 ? PyFrame_GetBack(frame) : NULL;
        if (back == NULL) {
            break;
        }
        Py_SETREF(frame, back);
    }
    return frame;
}

/* Return the item for rates that the program wrote itself, if it steps from where it did
   when it wrote them last (Writers in capture/writers.py); NULL if not. */
static PyObject *
item_by_hand(Function *self, PyObject *watch)
{
    PyObject *hand = get(watch, watch_at.hand), *key, *other;
    if (hand == NULL || !PyTuple_CheckExact(hand)) {
        return NULL;
    }
    Py_ssize_t next = 0; /* another optimizer of these parameters may have been loaded */
    while (PyDict_Next(self->part[WATCHES], &next, &key, &other)) {
        if (other != watch
            && (!Py_IS_TYPE(other, watch_type)
                || get(other, watch_at.explained) != Py_False)) {
            return NULL;
        }
    }
    Py_INCREF(hand); /* making frames may run a finalizer */
    PyFrameObject *frame = calling_frame(self->part[BETWEEN]);
    if (frame == NULL) {
        Py_DECREF(hand);
        return NULL;
    }
    PyFrameObject *back = PyFrame_GetBack(frame);
    if (back == NULL) {
        back = (PyFrameObject *)new_reference((PyObject *)frame);
    }
    int same = is_at(frame, PyTuple_GET_ITEM(hand, 0), PyTuple_GET_ITEM(hand, 1))
               && is_at(back, PyTuple_GET_ITEM(hand, 2), PyTuple_GET_ITEM(hand, 3));
    PyObject *item = same ? new_reference(PyTuple_GET_ITEM(hand, 4)) : NULL;
    Py_DECREF(hand);
    Py_DECREF(back);
    Py_DECREF(frame);
    return item;
}

/* Say whether the parameter that had a gradient at the last step has one now. */
static int
has_gradient(PyObject *probe)
{
    PyObject *parameter = PyWeakref_CheckRefExact(probe) ? referent(probe) : NULL;
    if (parameter == NULL) {
        return 0;
    }
    PyObject *gradient = PyObject_GetAttr(parameter, grad);
    Py_DECREF(parameter);
    if (gradient == NULL) {
        return -1;
    }
    Py_DECREF(gradient);
    return gradient != Py_None;
}

static int
has_own_hooks(PyObject *optimizer)
{
    PyObject *hooks = PyObject_GetAttr(optimizer, own_hooks);
    if (hooks == NULL) {
        return -1;
    }
    int any = PyObject_IsTrue(hooks);
    Py_DECREF(hooks);
    return any;
}

/* Return the watch of an optimizer, borrowed; NULL if there is none. */
static PyObject *
watch_of(Function *self, PyObject *optimizer)
{
    PyObject *latest = self->part[LATEST];
    if (latest != Py_None && refers_to(get(latest, watch_at.reference), optimizer)) {
        return latest;
    }
    PyObject *key = PyLong_FromVoidPtr(optimizer);
    PyObject *watch = key == NULL ? NULL
                                  : PyDict_GetItemWithError(self->part[WATCHES], key);
    Py_XDECREF(key);
    if (watch == NULL || !Py_IS_TYPE(watch, watch_type)) {
        return NULL;
    }
    Py_SETREF(self->part[LATEST], new_reference(watch));
    return watch;
}

/* Look beside the rates of the groups whose turn it is. As in Python, turns are counted
   after the look, but before it where rows are not simple. */
static int
look_in_turn(PyObject *watch, Look *look, PyObject *groups)
{
    Py_ssize_t turns = (look->groups + look->at_once - 1) / look->at_once;
    if (turns < 2) {
        return look_beside(look, groups, 0);
    }
    int is_simple = get(watch, watch_at.simple) == Py_True;
    Py_ssize_t turn = PyLong_AsSsize_t(get(watch, watch_at.turn));
    PyObject *next = PyLong_FromSsize_t((turn + 1) % turns);
    int same = next == NULL || turn < 0
                   ? -1
                   : look_beside(look, groups, is_simple ? turn : (turn + 1) % turns);
    if (same <= 0) {
        Py_XDECREF(next);
        return same;
    }
    put(watch, watch_at.turn, next);
    return 1;
}

static int
note_thread(PyObject *watch)
{
    unsigned long own = own_thread();
    PyObject *noted = get(watch, watch_at.thread);
    if (noted != NULL && PyLong_CheckExact(noted) && PyLong_AsUnsignedLong(noted) == own) {
        return 0;
    }
    PyObject *thread = PyLong_FromUnsignedLong(own);
    if (thread == NULL) {
        return -1;
    }
    put(watch, watch_at.thread, thread);
    return 0;
}

/* Take note of a step that begins as the last one did: 1; 0 if it does not, -1 with an
   exception. Only the last lines change anything. */
static int
begin(Function *self, PyObject *optimizer)
{
    PyObject *opened = self->part[OPENED_BEFORE];
    if (PyList_GET_SIZE(opened) != 0) {
        return 0;
    }
    PyObject *watch = watch_of(self, optimizer);
    if (watch == NULL) {
        return 0;
    }
    Py_INCREF(watch);
    PyObject *groups = NULL, *rates = NULL, *values = NULL, *item = NULL;
    int begun = 0;
    Look *look = (Look *)get(watch, watch_at.look);
    PyObject *last = get(watch, watch_at.last);
    if (look == NULL || !Py_IS_TYPE((PyObject *)look, &LookType) || last == NULL
        || !PyList_CheckExact(last)) {
        goto done;
    }
    Py_INCREF(look);
    Py_INCREF(last);
    groups = PyObject_GetAttr(optimizer, param_groups);
    if (groups == NULL || groups != get(watch, watch_at.groups)
        || !PyList_CheckExact(groups) || PyList_GET_SIZE(groups) != look->groups
        || PyList_GET_SIZE(last) != look->groups) {
        goto looked;
    }
    rates = rates_in(look, groups, last);
    if (rates == NULL) {
        goto looked;
    }
    begun = rates == last ? 1 : is_explained(watch, rates);
    if (begun == 0 && get(watch, watch_at.explained) == Py_False
        && (item = item_by_hand(self, watch)) != NULL) {
        begun = 1;
    }
    if (begun > 0) {
        begun = has_gradient(get(watch, watch_at.probe));
    }
    if (begun > 0) {
        int own = has_own_hooks(optimizer);
        begun = own < 0 ? -1 : !own;
    }
    if (begun > 0) {
        values = look_values(look, groups, rates);
        begun = values == NULL ? 0 : look_in_turn(watch, look, groups);
    }
    if (begun > 0) {
        begun = note_thread(watch) == 0
                        && (item == NULL
                            || PyList_Append(self->part[PENDING_BEFORE], item) == 0)
                        && PyList_Append(opened, watch) == 0
                    ? 1
                    : -1;
    }
    if (begun > 0) {
        put(watch, watch_at.last, new_reference(rates));
        put(watch, watch_at.rates, new_reference(values));
    }
looked:
    Py_DECREF(look);
    Py_DECREF(last);
done:
    Py_XDECREF(item);
    Py_XDECREF(values);
    Py_XDECREF(rates);
    Py_XDECREF(groups);
    Py_DECREF(watch);
    return begun;
}

static PyObject *
before(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    if (PyVectorcall_NARGS(nargsf) == 3 && kwnames == NULL) {
        if (begin(self, args[0]) == 1) {
            Py_RETURN_NONE;
        }
        if (!may_try_again()) {
            return NULL;
        }
    }
    return slowly(self, args, nargsf, kwnames);
}

/* Say whether a step was given a closure: it may have cleared the gradients. */
static int
has_closure(PyObject *given, PyObject *named)
{
    return !PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) > 1
           || !PyDict_CheckExact(named) || PyDict_GET_SIZE(named) > 0;
}

/* Say whether the step that ends is the only one under way, and like the one before. */
static int
ends_as_usual(Function *self, PyObject *const *args)
{
    PyObject *optimizer = args[0];
    PyObject *opened = self->part[OPENED];
    if (PyList_GET_SIZE(opened) != 1) {
        return 0;
    }
    PyObject *watch = PyList_GET_ITEM(opened, 0);
    if (!Py_IS_TYPE(watch, watch_type)
        || !is_open(self->part[JOURNAL]) || get(watch, watch_at.usual) != Py_True
        || get(watch, watch_at.updates) != Py_True
        || PyLong_AsVoidPtr(get(watch, watch_at.owner)) != (void *)optimizer) {
        return 0;
    }
    if (has_closure(args[1], args[2])) {
        int found = has_gradient(get(watch, watch_at.probe));
        if (found <= 0) {
            return found;
        }
    }
    PyObject *pattern = get(watch, watch_at.pattern);
    return are_equal(self->part[PENDING], pattern);
}

/* Write the row of a step; -1 with an exception. */
static int
end(Function *self, PyObject *watch)
{
    PyObject *row = NULL;
    PyObject *values = new_reference(get(watch, watch_at.rates));
    put(watch, watch_at.applied, new_reference(values));
    PyObject *code = new_reference(get(watch, watch_at.code));
    row = store_row(self->part[JOURNAL], code, values);
    Py_DECREF(code);
    Py_DECREF(values);
    if (row == NULL) {
        return -1;
    }
    put(watch, watch_at.row, row);
    put(watch, watch_at.explained, new_reference(Py_False));
    return 0;
}

/* Hand the current exception to a function of Python. */
static int
report(PyObject *fail)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return -1;
    }
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    if (trace != NULL) {
        PyException_SetTraceback(error, trace);
    }
    PyObject *result = PyObject_CallFunctionObjArgs(fail, error, NULL);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(trace);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static PyObject *
after(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    int usual = PyVectorcall_NARGS(nargsf) == 3 && kwnames == NULL
                    ? ends_as_usual(self, args)
                    : 0;
    if (usual <= 0) {
        return may_try_again() ? slowly(self, args, nargsf, kwnames) : NULL;
    }
    PyObject *opened = self->part[OPENED], *pending = self->part[PENDING];
    PyObject *watch = new_reference(PyList_GET_ITEM(opened, 0));
    drop_last(opened); /* the only one */
    while (PyList_GET_SIZE(pending) > 0) {
        drop_last(pending);
    }
    int failed = end(self, watch) < 0;
    Py_DECREF(watch);
    if (failed && report(self->part[FAIL]) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static int
learn(PyObject *type)
{
    if (find_slots(type, watch_slots) < 0) {
        return -1;
    }
    Py_XSETREF(watch_type, (PyTypeObject *)new_reference(type));
    return 0;
}

/* (slow, watches, opened, pending, names of functions between a program and the hooks,
   class of a watch) */
PyObject *
make_before(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *part[PARTS_BEFORE], *type;
    if (!PyArg_ParseTuple(args, "OO!O!O!O!O!", &part[SLOW], &PyDict_Type, &part[WATCHES],
                          &PyList_Type, &part[OPENED_BEFORE], &PyList_Type,
                          &part[PENDING_BEFORE], &PyFrozenSet_Type, &part[BETWEEN],
                          &PyType_Type, &type)
        || learn(type) < 0) {
        return NULL;
    }
    part[LATEST] = Py_None;
    return new_function(before, part, PARTS_BEFORE);
}

/* (slow, opened, pending, journal, fail, class of a watch, class of a writer) */
PyObject *
make_after(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *part[PARTS_AFTER], *type, *writer;
    if (!PyArg_ParseTuple(args, "OO!O!OOO!O!", &part[SLOW], &PyList_Type, &part[OPENED],
                          &PyList_Type, &part[PENDING], &part[JOURNAL], &part[FAIL],
                          &PyType_Type, &type, &PyType_Type, &writer)
        || learn(type) < 0 || learn_journal(part[JOURNAL], writer) < 0) {
        return NULL;
    }
    return new_function(after, part, PARTS_AFTER);
}
