/* Look: what an optimizer's groups held at its last step, to see what moved since. */

#include "look.h"

#define MOST_FOLLOWED 64

static int
is_number(PyObject *value)
{
    return PyFloat_CheckExact(value) || PyLong_CheckExact(value);
}

static int
is_same(PyObject *was, PyObject *now)
{
    if (PyFloat_CheckExact(was) && PyFloat_CheckExact(now)) {
        return PyFloat_AS_DOUBLE(was) == PyFloat_AS_DOUBLE(now); /* NaN: ask Python */
    }
    if (was == now) {
        return 1;
    }
    return PyLong_CheckExact(was) && PyLong_CheckExact(now)
           && PyObject_RichCompareBool(was, now, Py_EQ) == 1;
}

static PyObject *
element(PyObject *several, Py_ssize_t index)
{
    return PyTuple_CheckExact(several) ? PyTuple_GET_ITEM(several, index)
                                       : PyList_GET_ITEM(several, index);
}

/* Say whether a value cannot change in place, and equals itself. */
static int
is_lasting(PyObject *value)
{
    if (PyFloat_CheckExact(value)) {
        return PyFloat_AS_DOUBLE(value) == PyFloat_AS_DOUBLE(value);
    }
    if (PyTuple_CheckExact(value)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
            PyObject *element = PyTuple_GET_ITEM(value, i);
            if (!is_number(element) || !is_lasting(element)) {
                return 0;
            }
        }
        return 1;
    }
    return PyLong_CheckExact(value) || PyBool_Check(value) || value == Py_None;
}

/* Keep a value; of a list a copy, as it may be changed in place. */
static int
remember(Setting *setting, PyObject *now)
{
    PyObject *kept = PyList_CheckExact(now)
                         ? PyList_GetSlice(now, 0, PyList_GET_SIZE(now))
                         : new_reference(now);
    if (kept == NULL) {
        return -1;
    }
    Py_SETREF(setting->was, kept);
    setting->is_lasting = is_lasting(kept);
    return 1;
}

/* Say whether a setting is as it was, but for the elements that have columns. */
static int
is_as_before(Setting *setting, PyObject *now)
{
    PyObject *was = setting->was;
    if ((was == now && setting->is_lasting) || is_same(was, now)) {
        return 1;
    }
    if (is_number(was) && is_number(now)) {
        return setting->followed & 1 ? remember(setting, now) : 0;
    }
    int alike = PyTuple_CheckExact(was) ? PyTuple_CheckExact(now)
                                        : PyList_CheckExact(was) && PyList_CheckExact(now);
    if (!alike || Py_SIZE(was) != Py_SIZE(now) || Py_SIZE(now) > MOST_FOLLOWED) {
        return 0;
    }
    int moved = 0;
    for (Py_ssize_t i = 0; i < Py_SIZE(now); i++) {
        if (is_same(element(was, i), element(now, i))) {
            continue;
        }
        if (!(setting->followed >> i & 1) || !is_number(element(was, i))
            || !is_number(element(now, i))) {
            return 0;
        }
        moved = 1;
    }
    return moved ? remember(setting, now) : 1;
}

int
look_beside(Look *look, PyObject *groups, Py_ssize_t turn)
{
    Py_ssize_t begin = turn * look->at_once, end = begin + look->at_once;
    if (end > look->groups) {
        end = look->groups;
    }
    if (PyList_GET_SIZE(groups) != look->groups) {
        return 0;
    }
    for (Py_ssize_t i = begin; i < end; i++) {
        Beside *beside = &look->beside[i];
        PyObject *group = PyList_GET_ITEM(groups, i);
        if (group != beside->group || PyDict_GET_SIZE(group) != beside->size) {
            return 0;
        }
        for (Py_ssize_t j = beside->begin; j < beside->end; j++) {
            PyObject *now = find(group, look->setting[j].key);
            if (now == NULL) {
                return PyErr_Occurred() ? -1 : 0;
            }
            int same = is_as_before(&look->setting[j], now);
            if (same <= 0) {
                return same;
            }
        }
    }
    return 1;
}

PyObject *
look_values(Look *look, PyObject *groups, PyObject *rates)
{
    if (look->columns == 0) {
        return new_reference(rates);
    }
    Py_ssize_t count = PyList_GET_SIZE(rates);
    PyObject *values = PyList_New(count + look->columns);
    if (values == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyList_SET_ITEM(values, i, new_reference(PyList_GET_ITEM(rates, i)));
    }
    for (Py_ssize_t i = 0; i < look->columns; i++) {
        Column *column = &look->column[i];
        PyObject *group = column->position < PyList_GET_SIZE(groups)
                              ? PyList_GET_ITEM(groups, column->position)
                              : NULL;
        PyObject *value = group != NULL && PyDict_CheckExact(group)
                              ? PyDict_GetItemWithError(group, column->key)
                              : NULL;
        if (value != NULL && (PyTuple_CheckExact(value) || PyList_CheckExact(value))) {
            value = column->index < Py_SIZE(value) ? element(value, column->index) : NULL;
        }
        if (value == NULL || !PyFloat_CheckExact(value)) {
            Py_DECREF(values);
            return NULL;
        }
        PyList_SET_ITEM(values, count + i, new_reference(value));
    }
    return values;
}

static int
look_traverse(PyObject *object, visitproc visit, void *arg)
{
    Look *look = (Look *)object;
    for (Py_ssize_t i = 0; i < look->groups; i++) {
        Py_VISIT(look->beside[i].group);
    }
    for (Py_ssize_t i = 0; i < look->settings; i++) {
        Py_VISIT(look->setting[i].was);
    }
    return 0;
}

static void
look_dealloc(PyObject *object)
{
    Look *look = (Look *)object;
    PyObject_GC_UnTrack(object);
    for (Py_ssize_t i = 0; i < look->groups; i++) {
        Py_XDECREF(look->beside[i].group);
        Py_XDECREF(look->beside[i].lr.name);
    }
    for (Py_ssize_t i = 0; i < look->settings; i++) {
        Py_XDECREF(look->setting[i].key.name);
        Py_XDECREF(look->setting[i].was);
    }
    for (Py_ssize_t i = 0; i < look->columns; i++) {
        Py_XDECREF(look->column[i].key);
    }
    PyMem_Free(look->beside);
    PyMem_Free(look->setting);
    PyMem_Free(look->column);
    PyObject_GC_Del(object);
}

static int
take_column(Look *look, PyObject *description)
{
    Column column;
    if (!PyArg_ParseTuple(description, "nOn", &column.position, &column.key,
                          &column.index)) {
        return -1;
    }
    if (column.position < 0 || column.position >= look->groups || column.index < 0
        || column.index >= MOST_FOLLOWED) {
        PyErr_SetString(PyExc_ValueError, "a column of no group");
        return -1;
    }
    Beside *beside = &look->beside[column.position];
    for (Py_ssize_t j = beside->begin; j < beside->end; j++) {
        int same = PyObject_RichCompareBool(look->setting[j].key.name, column.key, Py_EQ);
        if (same < 0) {
            return -1;
        }
        if (same) {
            look->setting[j].followed |= (uint64_t)1 << column.index;
        }
    }
    Py_INCREF(column.key);
    look->column[look->columns++] = column;
    return 0;
}

/* Return where a dict has a key of this name. */
static Key
key_of(PyObject *dict, PyObject *name)
{
    Key key = {NULL, 0};
    PyObject *value;
    Py_ssize_t next = 0;
    while (PyDict_Next(dict, &next, &key.name, &value)) {
        if (key.name == name
            || (PyUnicode_CheckExact(key.name) && PyUnicode_CheckExact(name)
                && PyUnicode_Compare(key.name, name) == 0)) {
            Py_INCREF(key.name);
            return key;
        }
        key.place = next;
    }
    return (Key){NULL, 0};
}

static int
take_group(Look *look, PyObject *description)
{
    PyObject *group, *keys, *values;
    if (!PyArg_ParseTuple(description, "O!O!O!", &PyDict_Type, &group, &PyTuple_Type,
                          &keys, &PyTuple_Type, &values)) {
        return -1;
    }
    Beside *beside = &look->beside[look->groups];
    beside->group = new_reference(group);
    beside->lr = key_of(group, lr);
    beside->size = PyDict_GET_SIZE(group);
    beside->begin = beside->end = look->settings;
    look->groups++;
    Py_ssize_t count = PyTuple_GET_SIZE(keys);
    if (PyTuple_GET_SIZE(values) != count) {
        PyErr_SetString(PyExc_ValueError, "as many values as keys");
        return -1;
    }
    size_t size = sizeof(Setting) * (size_t)(look->settings + count + 1);
    Setting *setting = PyMem_Realloc(look->setting, size);
    if (setting == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    look->setting = setting;
    for (Py_ssize_t j = 0; j < count; j++) {
        Key key = key_of(group, PyTuple_GET_ITEM(keys, j));
        if (key.name == NULL) {
            PyErr_SetString(PyExc_ValueError, "a group that does not hold its keys");
            return -1;
        }
        look->setting[look->settings++] = (Setting){
            .key = key,
            .was = new_reference(PyTuple_GET_ITEM(values, j)),
            .is_lasting = is_lasting(PyTuple_GET_ITEM(values, j)),
        };
    }
    beside->end = look->settings;
    return 0;
}

/* Look([(group, keys, values)], [(position, key, index)], at_once) */
static PyObject *
look_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *groups, *columns;
    Py_ssize_t at_once;
    if (!PyArg_ParseTuple(args, "O!O!n", &PyList_Type, &groups, &PyList_Type, &columns,
                          &at_once)) {
        return NULL;
    }
    Look *look = (Look *)type->tp_alloc(type, 0); /* all zero */
    if (look == NULL) {
        return NULL;
    }
    look->at_once = at_once < 1 ? 1 : at_once;
    look->beside = PyMem_Calloc((size_t)PyList_GET_SIZE(groups) + 1, sizeof(Beside));
    look->column = PyMem_Calloc((size_t)PyList_GET_SIZE(columns) + 1, sizeof(Column));
    if (look->beside == NULL || look->column == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(groups); i++) {
        if (take_group(look, PyList_GET_ITEM(groups, i)) < 0) {
            goto failed;
        }
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(columns); i++) {
        if (take_column(look, PyList_GET_ITEM(columns, i)) < 0) {
            goto failed;
        }
    }
    return (PyObject *)look;
failed:
    Py_DECREF(look);
    return NULL;
}

PyTypeObject LookType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lrscope._native.Look",
    .tp_basicsize = sizeof(Look),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = look_new,
    .tp_traverse = look_traverse,
    .tp_dealloc = look_dealloc,
};
