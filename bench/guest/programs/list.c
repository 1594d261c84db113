/* A linked list whose nodes lie in shuffled order: walks it, sorts it by merging, walks it again. */
#include "bench.h"

#define NODES 8192
#define WALKS 16

struct node {
	struct node *next;
	uint32_t key;
};

static struct node nodes[NODES];

static struct node *make(void)
{
	static uint32_t order[NODES];
	uint32_t state = 12345;
	for (uint32_t i = 0; i < NODES; i++)
		order[i] = i;
	for (uint32_t i = NODES - 1; i > 0; i--) {
		uint32_t j = next_random(&state) % (i + 1), swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
	for (uint32_t i = 0; i < NODES; i++) {
		struct node *node = &nodes[order[i]];
		node->key = next_random(&state);
		node->next = i + 1 < NODES ? &nodes[order[i + 1]] : NULL;
	}
	return &nodes[order[0]];
}

static uint64_t walk(const struct node *list)
{
	uint64_t check = 0;
	for (; list != NULL; list = list->next)
		check = check * 3 + list->key;
	return check;
}

static struct node *merge(struct node *a, struct node *b)
{
	struct node head, *last = &head;
	while (a != NULL && b != NULL) {
		struct node **least = a->key <= b->key ? &a : &b;
		last->next = *least;
		last = *least;
		*least = last->next;
	}
	last->next = a != NULL ? a : b;
	return head.next;
}

static struct node *sort(struct node *list)
{
	if (list == NULL || list->next == NULL)
		return list;
	struct node *middle = list;
	for (struct node *end = list->next; end != NULL && end->next != NULL; end = end->next->next)
		middle = middle->next;
	struct node *second = middle->next;
	middle->next = NULL;
	return merge(sort(list), sort(second));
}

static uint64_t work(void)
{
	struct node *list = make();
	uint64_t check = 0;
	for (int i = 0; i < WALKS; i++)
		check = mix(check, walk(list));
	list = sort(list);
	for (int i = 0; i < WALKS; i++)
		check = mix(check, walk(list));
	return check;
}

int main(void)
{
	return measure("list", 1, work);
}
