<?php
/**
 * Plugin Name: Précis summary button
 * Description: "No time to read? Get a summary" on single posts, made when a post is saved.
 * Version: 1.0.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Put this file into wp-content/plugins and two lines into wp-config.php:
 *   define('PRECIS_SERVICE', 'http://127.0.0.1:8080'); // as this server reaches the service
 *   define('PRECIS_BUTTON', 'https://summaries.example/button.js'); // as readers reach the button
 * define('PRECIS_KEY', '…') too where the service wants an API key; it stays on this server.
 *
 * A post's summary is asked for when it is saved and stands in the page: readers ask nobody. Where
 * the service did not answer, the button asks it from the page.
 */

if (!defined('ABSPATH')) {
    exit;
}

const PRECIS_META = '_precis_summary';

/** The sentences of the summary of a post's HTML; none when the service does not answer. */
function precis_sentences(string $html, string $title): array
{
    $headers = ['Content-Type' => 'application/json'];
    if (defined('PRECIS_KEY')) {
        $headers['Authorization'] = 'Bearer ' . PRECIS_KEY;
    }
    $answer = wp_remote_post(PRECIS_SERVICE . '/v1/summaries', [
        'timeout' => 5,
        'headers' => $headers,
        'body' => wp_json_encode([
            'html' => '<!doctype html><article>' . $html . '</article>',
            'title' => mb_substr($title, 0, 300),
        ]),
    ]);
    if (is_wp_error($answer) || wp_remote_retrieve_response_code($answer) !== 200) {
        return [];
    }
    $summary = json_decode(wp_remote_retrieve_body($answer), true);
    return array_column($summary['sentences'] ?? [], 'text');
}

add_action('save_post_post', function (int $id, WP_Post $post): void {
    if (!defined('PRECIS_SERVICE') || wp_is_post_revision($id) || $post->post_status !== 'publish') {
        return;
    }
    $html = apply_filters('the_content', $post->post_content);
    update_post_meta($id, PRECIS_META, precis_sentences($html, wp_strip_all_tags($post->post_title)));
}, 10, 2);

/** The button, with the summary in it where there is one. */
function precis_button(int $id): string
{
    $sentences = get_post_meta($id, PRECIS_META, true);
    if (!is_array($sentences) || $sentences === []) {
        return '<summary-button></summary-button>';
    }
    $items = '';
    foreach ($sentences as $sentence) {
        $items .= '<li>' . esc_html($sentence) . '</li>';
    }
    return '<summary-button><details><summary>'
        . esc_html__('No time to read? Get a summary', 'precis-button')
        . '</summary><ol>' . $items . '</ol></details></summary-button>';
}

add_filter('the_content', function (string $content): string {
    if (!defined('PRECIS_BUTTON') || !is_singular('post') || !in_the_loop() || !is_main_query()) {
        return $content;
    }
    return precis_button(get_the_ID()) . $content;
});

add_action('wp_enqueue_scripts', function (): void {
    if (defined('PRECIS_BUTTON') && is_singular('post')) {
        wp_enqueue_script('precis-button', PRECIS_BUTTON, [], null, ['strategy' => 'async']);
    }
});
