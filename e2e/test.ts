// What every walk begins with: a house of its own, and words for what a person
// does again and again.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, test as base, expect } from '@playwright/test';
import { type Database, House, password, type Slug } from './house.ts';

export { expect, password };

export interface Options {
	database: Database; // the project's
	flags: string[]; // of `vestibule serve`, such as a short --idle-timeout
}

export const test = base.extend<Options & { house: House }>({
	database: ['sqlite', { option: true }],
	flags: [[], { option: true }],
	house: async ({ database, flags }, use, info) => {
		const house = await House.open(database, flags);
		await use(house);
		await house.close();
		if (info.status !== info.expectedStatus) await info.attach('server.log', { body: house.log });
	},
	baseURL: async ({ house }, use) => use(house.origin),
});

// People, by the tenant they belong to: what they write on its sign-in page.
export const people = {
	'acme-corp': { 'Email Address': 'support@acme-corp.test' },
	wickedsprockets: { Username: '201-wickedsprockets' },
	kontak: { 'Email Address': 'team@kontak.test' },
} as const;

// signIn signs in on the tenant's own page and waits for the landing page.
export async function signIn(page: Page, slug: Slug, fields: Record<string, string> = people[slug], secret = password) {
	await page.goto(`/t/${slug}/login`);
	await fillIn(page, { ...fields, Password: secret });
	await page.getByRole('button', { name: 'Sign In', exact: true }).click();
	await page.waitForURL((url) => !url.pathname.endsWith('/login'));
}

// fillIn writes into fields by their labels.
export async function fillIn(page: Page, fields: Record<string, string>) {
	for (const [label, value] of Object.entries(fields)) {
		await page.getByLabel(label, { exact: true }).fill(value);
	}
}

// expectAccessible fails with what axe finds on the page as it is now.
export async function expectAccessible(page: Page) {
	const found = await new AxeBuilder({ page }).analyze();
	const told = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join('\n  ')}`);
	expect(told, `axe on ${page.url()}`).toEqual([]);
}
