import { expect, fillIn, password, people, press, signIn, test } from './test.ts';

// What strangers write into return_to to lead people away. %HOST% stands for
// the house's own host.
const attacks = [
	'https://evil.test/',
	'http://evil.test/home',
	'//evil.test/',
	'///evil.test/',
	'////evil.test',
	'/\\evil.test',
	'\\\\evil.test',
	'\\/evil.test',
	'/\t/evil.test',
	'/\n/evil.test',
	'\t//evil.test',
	' //evil.test',
	'/%09/evil.test',
	'/%0a/evil.test',
	'/%5cevil.test',
	'/%2fevil.test',
	'/%2f%2fevil.test',
	'https:evil.test',
	'https:/evil.test',
	'http:///evil.test',
	'javascript:alert(1)',
	'JaVaScRiPt:alert(1)',
	'data:text/html,evil',
	'blob:http://evil.test/1',
	'//%HOST%@evil.test/',
	'http://%HOST%@evil.test/',
	'http://%HOST%.evil.test/',
	'http://%HOST%/home',
	'//evil.test/%2e%2e',
	'@evil.test',
	'.evil.test',
	'evil.test',
	'/home\r\nLocation: http://evil.test',
	'/\u2028/evil.test',
	'／／evil.test',
];

// Proves: 3.1
test.describe('A return_to that is no local path leads to the landing page', () => {
	test.use({ flags: ['--source-attempts', '1000'], javaScriptEnabled: true });

	test('all that are known', { tag: '@sqlite' }, async ({ page, house }) => {
		const left: string[] = [];
		page.on('request', (r) => {
			if (new URL(r.url()).origin !== house.origin) left.push(r.url());
		});
		const host = new URL(house.origin).host;
		for (const attack of attacks) {
			const to = encodeURIComponent(attack.replaceAll('%HOST%', host));
			await page.goto(`/t/kontak/login?return_to=${to}`);
			await fillIn(page, { ...people.kontak, Password: password });
			await press(page, 'Sign In');
			await expect(page, `return_to=${to}`).toHaveURL(`${house.origin}/home`);
		}
		expect(left).toEqual([]);
	});

	test('what browsers tidy up stays in the house', async ({ page, house }) => {
		for (const path of ['/.//evil.test', '/..//evil.test', '/home/..//evil.test', '/home/%2e%2e//evil.test', '/?//evil.test', '/#//evil.test']) {
			await page.context().clearCookies();
			await page.goto(`/t/kontak/login?return_to=${encodeURIComponent(path)}`);
			await fillIn(page, { ...people.kontak, Password: password });
			await press(page, 'Sign In');
			await page.waitForURL((url) => !url.pathname.startsWith('/t/'));
			expect(new URL(page.url()).origin, path).toBe(house.origin);
		}
	});

	test('twice is none', async ({ page, house }) => {
		await page.goto('/t/kontak/login?return_to=/phone&return_to=//evil.test');
		await fillIn(page, { ...people.kontak, Password: password });
		await press(page, 'Sign In');
		await expect(page).toHaveURL(`${house.origin}/home`);
	});

	test('a local path is followed', async ({ page, house }) => {
		await page.goto('/t/kontak/login?return_to=%2Fphone%3Fa%3D1');
		await fillIn(page, { ...people.kontak, Password: password });
		await press(page, 'Sign In');
		await expect(page).toHaveURL(`${house.origin}/phone?a=1`);
	});

	test('a page that asks for a session gets its person back', async ({ page, house }) => {
		await page.goto('/phone');
		await expect(page).toHaveURL(/\/login\?return_to=%2Fphone$/);
		await fillIn(page, { 'Tenant Slug': 'acme-corp', ...people['acme-corp'], Password: password });
		await press(page, 'Sign In');
		await expect(page).toHaveURL(`${house.origin}/phone`);
		await signIn(page, 'acme-corp');
	});
});
